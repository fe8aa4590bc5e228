"""The command ``inginious-nb``: its commands, and how they fail."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
from typing import Any

import click

from inginious_nb import __version__
from inginious_nb.course.writing import why_not_written
from inginious_nb.errors import InginiousError
from inginious_nb.i18n import Message, reader_language, speak_to, system_language
from inginious_nb.notebook.grammar.arguments import LINE_MAGIC
from inginious_nb.notebook.grammar.command_group import VERSION_OPTION, CommandGroup
from inginious_nb.notebook.grammar.commands import DECLARED, SECTIONS
from inginious_nb.render.terminal import (
    discard_output,
    echo,
    open_closed_streams,
    replace_unencodable,
)

from . import check, demo, environments, grade, grading, new, overview, submit

_INTERRUPTED = 128 + 2
"""The exit status after Ctrl-C, as shells have it: 128 and the number of the signal."""


def _error(text: str) -> str:
    return Message("Error: {text}", text=text).in_language(reader_language())


class _Failure(click.ClickException):
    """An error of ours, on standard error in the reader's language."""

    def show(self, file: Any = None) -> None:  # noqa: ARG002 - click's own signature
        """Print it."""
        echo(_error(self.format_message()), err=True)


class _Commands(CommandGroup):
    """Commands whose errors are one sentence on standard error."""

    def main(self, *arguments: Any, **options: Any) -> Any:
        """Run the command line; nothing but a sentence is said where output cannot be written."""
        open_closed_streams()
        speak_to(system_language)
        try:
            try:
                return super().main(*arguments, **options)
            finally:
                sys.stdout.flush()
        except OSError as error:
            if error.filename is not None:
                raise
            discard_output()
            if not isinstance(error, BrokenPipeError):  # whoever reads it has seen enough
                text = Message(
                    "The output cannot be written ({reason}).", reason=why_not_written(error)
                )
                with contextlib.suppress(OSError):
                    echo(_error(text.in_language(reader_language())), err=True)
            sys.exit(1)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except InginiousError as error:
            raise _Failure(error.in_language(reader_language())) from error
        except KeyboardInterrupt:
            # Who presses it again does not want to wait for threads that are still busy.
            signal.signal(signal.SIGINT, lambda *_: os._exit(_INTERRUPTED))
            echo(Message("Stopped.").in_language(reader_language()), err=True)
            ctx.exit(_INTERRUPTED)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, help=VERSION_OPTION)
@click.option("-v", "--verbose", count=True, help="Log more; twice for everything.")
def main(verbose: int) -> None:
    """Submit notebook cells to INGInious, and run its grading service on this machine."""
    replace_unencodable()
    level = (logging.WARNING, logging.INFO, logging.DEBUG)[min(verbose, 2)]
    logging.basicConfig(level=level, format="%(levelname)s %(name)s: %(message)s")


for _command in (
    *submit.COMMANDS,
    *grade.COMMANDS,
    *overview.COMMANDS,
    *grading.COMMANDS,
    *check.COMMANDS,
    *environments.COMMANDS,
    *new.COMMANDS,
    *demo.COMMANDS,
):
    main.add_command(_command)
main.sections = SECTIONS
main.elsewhere = {
    str(_command.name): Message("{command} in a notebook", command=f"{LINE_MAGIC} {_command.name}")
    for _command in DECLARED
    if _command.name not in main.commands
}
