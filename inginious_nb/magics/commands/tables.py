"""The tables, loaded when the first one is shown: drawing them takes long to load."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType


def tables() -> ModuleType:
    """Return the module of the tables."""
    from inginious_nb.cli import tables  # noqa: PLC0415 - takes a tenth of the time that %load_ext takes

    return tables
