"""``%inginious help``: the declared commands, explained in the reader's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from inginious_nb.cli.settings_help import settings_text
from inginious_nb.errors import UsageError
from inginious_nb.i18n import Message
from inginious_nb.notebook.grammar.arguments import LINE_MAGIC
from inginious_nb.notebook.grammar.command_group import LANGUAGE
from inginious_nb.notebook.grammar.commands import declared
from inginious_nb.render.columns import NOTEBOOK_COLUMNS, wrapped
from inginious_nb.render.terminal import echo

if TYPE_CHECKING:
    from inginious_nb.magics.context import MagicContext

_MAX_SUMMARY_LENGTH = 90


def show_help(context: MagicContext, *, command: str | None) -> None:
    """Print the help on the commands, one of them, or the settings."""
    echo(help_text(command, context.lang))


def help_text(command: str | None = None, lang: str = "en") -> str:
    """Return the help on one command, on ``settings``, or on everything.

    Raises:
        UsageError: There is no such command.
    """
    if command == "settings":
        return wrapped(settings_text())  # in English only
    group = declared()
    context = click.Context(group, info_name=LINE_MAGIC, terminal_width=NOTEBOOK_COLUMNS)
    context.meta[LANGUAGE] = lang
    if command is None:
        formatter = context.make_formatter()
        group.write_commands(context, formatter, prefix=f"{LINE_MAGIC} ", limit=_MAX_SUMMARY_LENGTH)
        more = Message("%inginious help COMMAND explains one; help settings the configuration.")
        return f"{formatter.getvalue().lstrip()}\n{wrapped(more.in_language(lang))}"
    name, found, _ = group.resolve_command(context, [command])
    if found is None:  # resolve_command has failed already
        raise UsageError(
            Message("“{word}” is not a command of {name}.", word=command, name=LINE_MAGIC)
        )
    return found.get_help(click.Context(found, info_name=name, parent=context))
