"""Words of commands: split, looked up and parsed by click, errors as one sentence.

Used by the magics and the command line, which know the commands themselves.
"""

from __future__ import annotations

import difflib
import shlex
import textwrap
from typing import TYPE_CHECKING, Any

import click

from inginious_nb.errors import InginiousError, UsageError
from inginious_nb.i18n import Message, Words, recognised

if TYPE_CHECKING:
    from collections.abc import Iterable

NOTEBOOK_COLUMNS = 68
"""So much fits beneath a cell where the notebook has half a screen; the page breaks longer lines in
the middle of a word."""

LINE_MAGIC = "%inginious"
CELL_MAGIC = "%%inginious"

LANGUAGE = "inginious_nb.lang"
"""Where a context of click keeps the language of its help (`Context.meta`)."""


class Command(click.Command):
    """A command whose faults know where they were made, and are said in the reader's language."""

    allow_extra_args = True  # refused below

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write how it is written."""
        usage = " ".join(self.collect_usage_pieces(ctx))
        formatter.write_usage(ctx.command_path, usage, prefix=_heading("Usage", _lang(ctx)))

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what it does."""
        for paragraph in (self.help or "").split("\n\n"):
            formatter.write_paragraph()
            with formatter.indentation():
                text = " ".join(paragraph.split())
                formatter.write_text(recognised(text, _lang(ctx), "help"))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write its options."""
        options = [param for param in self.get_params(ctx) if isinstance(param, click.Option)]
        records = filter(None, [option.get_help_record(ctx) for option in options])
        with formatter.section(_heading("Options", _lang(ctx)).rstrip(": ")):
            formatter.write_dl(
                [(names, recognised(text, _lang(ctx), "help")) for names, text in records]
            )

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Sort words into arguments and options."""
        try:
            super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise
        if ctx.args:
            words = " ".join(ctx.args)
            ctx.fail(Message("{words} is more than this command takes.", words=words))
        return ctx.args


def _lang(ctx: click.Context) -> str:
    """The language of whoever asks for help: as the context says, else of the person here."""
    return str(ctx.meta.get(LANGUAGE) or InginiousError.reader())


def _heading(word: str, lang: str) -> str:
    """A word, the same in every language, and a colon, which is not."""
    return Words("widget", lang)("colon", name=word, value="")


class CommandWords(click.Group):
    """A group of commands that names the nearest one when a word is not among them."""

    command_class = Command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Look the first word up."""
        word = args[0]
        if self.get_command(ctx, word) is None:
            names = self.list_commands(ctx)
            hint = did_you_mean(word, names) or Message(
                " There is: {shown}.", shown=", ".join(names)
            )
            ctx.fail(
                Message(
                    "{word!r} is not a word of {name}.{hint}",
                    word=word,
                    name=ctx.info_name,
                    hint=hint,
                )
            )
        return super().resolve_command(ctx, args)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Give the sentence that names the nearest of the known words, empty if none is near."""
    near = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.5)
    return Message(" Did you mean {close}?", close=near[0]) if near else ""


def split(line: str) -> list[str]:
    """Split a line into words as a shell does, quotation marks kept together.

    Raises:
        UsageError: A quotation mark is not closed.
    """
    try:
        return shlex.split(line)
    except ValueError:
        raise UsageError(Message("A quotation mark is not closed in: {line}", line=line)) from None


def call(commands: click.Group, words: list[str], obj: object, *, prog_name: str) -> Any:
    """Call the command that words mean and return what it returns.

    Raises:
        UsageError: The words do not fit; the text says what would.
        InginiousError: Whatever the command raised.
    """
    try:
        # Not main(): that turns an interrupt into an exception of click's own.
        with commands.make_context(prog_name, list(words), obj=obj) as context:
            return commands.invoke(context)
    except click.exceptions.Exit:
        return None  # --help has been shown
    except click.ClickException as error:
        fault = _fault(error)
        failed = getattr(error, "ctx", None)
        if failed is None or failed.command is commands:
            raise UsageError(fault) from None
        usage = " ".join([failed.command_path, *failed.command.collect_usage_pieces(failed)])
        raise UsageError(Message("{fault} Usage: {usage}", fault=fault, usage=usage)) from None


def _fault(error: click.ClickException) -> str:
    """What is wrong with words; the commonest faults are said in the reader's language."""
    if isinstance(error, click.NoSuchOption):
        hint = did_you_mean(error.option_name, error.possibilities or ())
        return Message("There is no option {option}.{hint}", option=error.option_name, hint=hint)
    if isinstance(error, click.MissingParameter) and error.param is not None:
        return Message("{word} is missing.", word=error.param.human_readable_name.upper())
    if isinstance(error, click.BadOptionUsage):
        params = error.ctx.command.params if error.ctx is not None else []
        flags = [param for param in params if isinstance(param, click.Option) and param.is_flag]
        if any(error.option_name in param.opts for param in flags):
            return Message("The option {option} takes no value.", option=error.option_name)
        return Message("The option {option} needs a value.", option=error.option_name)
    param = error.param if isinstance(error, click.BadParameter) else None
    if param is not None and param.type is click.INT:
        return Message("The option {option} takes a whole number.", option=param.opts[0])
    return error.format_message()


def wrapped(text: str, columns: int = NOTEBOOK_COLUMNS) -> str:
    """A text whose lines are broken at blanks; what goes on below keeps a line's indentation."""
    return "\n".join(_wrapped(line, columns) for line in text.splitlines())


def _wrapped(line: str, columns: int) -> str:
    indent = " " * (len(line) - len(line.lstrip()))
    return textwrap.fill(
        line,
        columns,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def pairs(words: Iterable[str]) -> tuple[str | None, dict[str, str]]:
    """Sort words into the one without ``=``, a task, and PROBLEM=VALUE pairs.

    Raises:
        UsageError: More than one has no ``=``.
    """
    task: str | None = None
    found: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if equals:
            found[name] = value
        elif task is None:
            task = word
        else:
            raise UsageError(
                Message(
                    "{word!r} is one word too many; answers are written PROBLEM=VALUE, in "
                    "quotation marks if there are blanks in them.",
                    word=word,
                )
            )
    return task, found
