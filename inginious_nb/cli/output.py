"""Tables on standard output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from rich.console import RenderableType


def print_table(table: RenderableType) -> None:
    """Print a table; rich draws its frame in ASCII where the encoding is none of Unicode."""
    Console().print(table)
