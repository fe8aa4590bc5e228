"""A group of click commands whose faults and help are said in the reader's language."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from inginious_nb.errors import UsageError
from inginious_nb.i18n import Message, Words, marked, reader_language, translated

from .arguments import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LANGUAGE = "inginious_nb.lang"
"""Key of the language of the help in `click.Context.meta`."""

_MAX_SUMMARY_LENGTH = 200

HELP_OPTION = marked("Show this message and exit.")
"""What click says of its own option."""


VERSION_OPTION = marked("Show the version and exit.")
"""What click says of another."""

_METAVARS = (
    marked("ADDRESS"),
    marked("AGENT_ADDR"),
    marked("BACKEND_ADDR"),
    marked("CLIENT_ADDR"),
    marked("COMMAND"),
    marked("COURSE"),
    marked("DIRECTORY"),
    marked("FILE"),
    marked("FIRST-LAST"),
    marked("FLOAT"),
    marked("FOLDER"),
    marked("HOST"),
    marked("INTEGER RANGE"),
    marked("INTEGER"),
    marked("KIND"),
    marked("NAME"),
    marked("PATHS"),
    marked("PATTERN"),
    marked("PROBLEM"),
    marked("TASK"),
    marked("TEXT"),
    marked("VALUE"),
)
"""The words that stand for what is to be written, in a usage line and in what is said of it."""

_METAVAR = re.compile(rf"\b(?:{'|'.join(_METAVARS)})\b")
_REQUIRED = marked("required")


class _InLanguage(click.Command):
    """A command whose help is in the reader's language."""

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the usage line."""
        lang = _lang(ctx)
        usage = _in_words(" ".join(self.collect_usage_pieces(ctx)), lang)
        formatter.write_usage(ctx.command_path, usage, prefix=_heading("Usage", lang))

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the paragraphs of the description."""
        for paragraph in paragraphs(self.help):
            formatter.write_paragraph()
            with formatter.indentation():
                formatter.write_text(_said(paragraph, _lang(ctx)))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options."""
        lang = _lang(ctx)
        options = [param for param in self.get_params(ctx) if isinstance(param, click.Option)]
        if not options:
            return
        with formatter.section(_heading("Options", lang).rstrip(": ")):
            formatter.write_dl([_option(option, ctx, lang) for option in options])


class Command(_InLanguage):
    """A command that refuses surplus words, with its help in the reader's language."""

    allow_extra_args = True  # refused below, in the reader's language

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Sort words into arguments and options."""
        try:
            super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise
        if ctx.args and not ctx.resilient_parsing:  # which completion does
            words = " ".join(ctx.args)
            ctx.fail(Message("{words} is more than this command takes.", words=words))
        return ctx.args


def _lang(ctx: click.Context) -> str:
    return str(ctx.meta.get(LANGUAGE) or reader_language())


def _heading(word: str, lang: str) -> str:
    """Return a heading with the language's colon; the word is the same in every language."""
    return Words("widget", lang)("colon", name=word, value="")


def paragraphs(help_text: str | None) -> list[str]:
    """Return the paragraphs of a command's help, each on one line."""
    return [" ".join(paragraph.split()) for paragraph in (help_text or "").split("\n\n")]


def _said(text: str, lang: str) -> str:
    """Return a text of the help in a language."""
    return _in_words(translated(text, lang), lang)


def _in_words(text: str, lang: str) -> str:
    """Return a text with its metavars in a language."""
    return _METAVAR.sub(lambda found: translated(found[0], lang), text)


def _option(option: click.Option, ctx: click.Context, lang: str) -> tuple[str, str]:
    """Return how an option is written, and its help with what click adds to it."""
    names, text = option.get_help_record(ctx) or (option.opts[0], "")
    said = option.help or ""
    added = [_added(one, lang) for one in text.removeprefix(said).strip(" []").split("; ") if one]
    whole = [_said(said, lang), *([f"[{'; '.join(added)}]"] if added else [])]
    return _in_words(names, lang), "  ".join(filter(None, whole))


def _added(item: str, lang: str) -> str:
    key, is_value, value = item.partition(": ")
    if is_value and key == "default":
        return Message("default: {value}", value=value).in_language(lang)
    return translated(_REQUIRED, lang) if item == _REQUIRED else item


class CommandGroup(_InLanguage, click.Group):
    """A group of commands that names the nearest one when a word is not among them.

    Attributes:
        elsewhere: What is no command here but one elsewhere, each with how it is written there.
        sections: Headings, each with the names of its commands and of some elsewhere, in the order
            in which they are listed; without any, all are listed below one heading.
    """

    command_class = Command
    elsewhere: Mapping[str, str] = {}
    sections: Sequence[tuple[str, Sequence[str]]] = ()

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names of the commands, by section."""
        return [name for _, names in self._sections for name in names if name in self.commands]

    @property
    def _sections(self) -> Sequence[tuple[str, Sequence[str]]]:
        return self.sections or ((marked("Commands"), tuple(self.commands)),)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, then the commands."""
        super().format_options(ctx, formatter)
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands by section, each with its first sentence."""
        self.write_commands(ctx, formatter, prefix="", limit=_MAX_SUMMARY_LENGTH)

    def write_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter, *, prefix: str, limit: int
    ) -> None:
        """Write the commands by section, each with its first sentence.

        Args:
            ctx: Of the group.
            formatter: Where to.
            prefix: What stands before the name of a command where it is used.
            limit: Characters of a sentence.
        """
        lang = _lang(ctx)
        column = max(len(name) for name in self.commands) + len(prefix)
        for heading, names in self._sections:
            lines = [
                (
                    f"{prefix}{name}".ljust(column),
                    _said(self.commands[name].get_short_help_str(limit), lang),
                )
                for name in names
                if name in self.commands
            ]
            if lines:
                with formatter.section(_heading(translated(heading, lang), lang).rstrip(": ")):
                    formatter.write_dl(lines)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Look the first word up."""
        word = args[0]
        if self.get_command(ctx, word) is None:
            if word in self.elsewhere:
                line = self.elsewhere[word]
                ctx.fail(
                    Message("“{word}” is not a command here: write {line}.", word=word, line=line)
                )
            names = self.list_commands(ctx)
            hint = did_you_mean(word, names) or Message(
                " There is: {shown}.", shown=", ".join(names)
            )
            ctx.fail(
                Message(
                    "“{word}” is not a command of {name}.{hint}",
                    word=word,
                    name=ctx.info_name,
                    hint=hint,
                )
            )
        return super().resolve_command(ctx, args)


def call(group: click.Group, words: Sequence[str], obj: object, *, prog_name: str) -> Any:
    """Call the command that words name and return its value.

    Args:
        group: The commands.
        words: The name of a command, its arguments and options.
        obj: Given to the command (`click.pass_obj`).
        prog_name: The name of the group in messages.

    Raises:
        UsageError: The words do not fit; the text says what would.
        InginiousError: Whatever the command raised.
    """
    try:
        # Not main(): it turns an interrupt into an exception of click's own.
        with group.make_context(prog_name, list(words), obj=obj) as context:
            return group.invoke(context)
    except click.exceptions.Exit:
        return None  # --help has been shown
    except click.ClickException as error:
        fault = _fault(error)
        failed = getattr(error, "ctx", None)
        if failed is None or failed.command is group:
            raise UsageError(fault) from None
        usage = " ".join([failed.command_path, *failed.command.collect_usage_pieces(failed)])
        raise UsageError(Message("{fault} Usage: {usage}", fault=fault, usage=usage)) from None


def _fault(error: click.ClickException) -> str:
    """Return the fault of a command line; the commonest are said in the reader's language."""
    if isinstance(error, click.NoSuchOption):
        hint = did_you_mean(error.option_name, error.possibilities or ())
        return Message("There is no option {option}.{hint}", option=error.option_name, hint=hint)
    if isinstance(error, click.MissingParameter) and error.param is not None:
        word = error.param.human_readable_name.upper()
        if isinstance(error.param.type, click.Choice):
            word = "|".join(map(str, error.param.type.choices))
        return Message("{word} is missing.", word=word)
    if isinstance(error, click.BadOptionUsage):
        params = error.ctx.command.params if error.ctx is not None else []
        flags = [param for param in params if isinstance(param, click.Option) and param.is_flag]
        if any(error.option_name in param.opts for param in flags):
            return Message("The option {option} takes no value.", option=error.option_name)
        return Message("The option {option} needs a value.", option=error.option_name)
    param = error.param if isinstance(error, click.BadParameter) else None
    if param is not None and param.type is click.INT:
        return Message("The option {option} takes a whole number.", option=param.opts[0])
    if param is not None and isinstance(param.type, click.Choice):
        return Message(
            "The option {option} takes one of {values}.",
            option=param.opts[0],
            values=", ".join(param.type.choices),
        )
    return error.format_message()
