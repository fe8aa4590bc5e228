"""Submit notebook cells to an INGInious grading backend and read the feedback beneath them."""

from __future__ import annotations

import logging
from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["load_ipython_extension", "unload_ipython_extension"]

__version__ = version("inginious-nb")

# A library does not write to a notebook unasked; who wants the log configures logging.
logging.getLogger(__name__).addHandler(logging.NullHandler())


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Load ``%inginious`` into a shell: ``%load_ext inginious_nb``."""
    from .magics import load  # noqa: PLC0415 - programs that only need the client have no notebook

    load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Take ``%inginious`` out of a shell again: ``%unload_ext inginious_nb``."""
    from .magics import unload  # noqa: PLC0415 - as above

    unload(shell)
