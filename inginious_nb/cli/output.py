"""Tables and messages for the person at the command line."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

import click
from rich.console import Console

from inginious_nb.i18n import in_language, reader_language
from inginious_nb.render.terminal import echo

if TYPE_CHECKING:
    from rich.console import RenderableType


def say(text: str, lang: str | None = None, *, err: bool = False) -> None:
    """Print a message.

    Args:
        text: The message.
        lang: The language, default the reader's.
        err: Whether it goes to standard error.
    """
    echo(in_language(text, lang or reader_language()), err=err)


def tell_faults_of_courses_once() -> None:
    """Keep from the log what is wrong with a course, while a command runs that prints just that."""
    if logging.getLogger().level >= logging.WARNING:
        courses = logging.getLogger("inginious_nb.course")
        click.get_current_context().call_on_close(partial(courses.setLevel, courses.level))
        courses.setLevel(logging.ERROR)


def print_table(table: RenderableType) -> None:
    """Print a table; rich draws its frame in ASCII where the encoding is none of Unicode."""
    Console().print(table)
