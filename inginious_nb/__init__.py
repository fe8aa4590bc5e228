"""Submit notebook cells to an INGInious grading backend and read the feedback beneath them.

The public face: `Client` is the documented ``inginious.client`` API, `Session` one person's
courses, history and submissions, `TaskWidget` what a notebook shows of a task. They are loaded when
they are first used, so that each program pays for what it needs. ``%load_ext inginious_nb`` loads
the magics.
"""

from __future__ import annotations

import importlib
import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from .client.client import Client
    from .session import Session
    from .widget import TaskWidget

__all__ = [
    "Client",
    "Session",
    "TaskWidget",
    "__version__",
    "load_ipython_extension",
    "unload_ipython_extension",
]

__version__: str

_HOMES = {"Client": ".client.client", "Session": ".session", "TaskWidget": ".widget"}

# A library does not write to a notebook unasked; who wants the log configures logging.
logging.getLogger(__name__).addHandler(logging.NullHandler())


def __getattr__(name: str) -> Any:
    """Return a class of the public face, or the version, loaded now (PEP 562)."""
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415 - loads a tenth of what all else does

        return version("inginious-nb")
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(home, __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Tell ``jupyter labextension`` where the built front end is."""
    return [{"src": "labextension", "dest": "inginious-nb"}]


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Tell Jupyter Server which module extends it."""
    return [{"module": "inginious_nb.lab"}]


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Load ``%inginious`` into a shell: ``%load_ext inginious_nb``."""
    from .magics import load  # noqa: PLC0415 - programs that only need the client lack IPython

    load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Take ``%inginious`` out of a shell again: ``%unload_ext inginious_nb``."""
    from .magics import unload  # noqa: PLC0415 - as above

    unload(shell)
