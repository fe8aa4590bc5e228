"""The words of one command line: how they are split, and what PROBLEM=VALUE means."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from msgspec import Struct, field

from inginious_nb.errors import UsageError
from inginious_nb.i18n import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

LINE_MAGIC = "%inginious"
CELL_MAGIC = "%%inginious"

_QUOTES = "\"'"


class TaskArguments(Struct, frozen=True):
    """The arguments ``[COURSE/TASK] [PROBLEM=VALUE]...`` of a command.

    Attributes:
        reference: The task as written, possibly with a problem; None if none is written.
        answers: The values by problem id.
    """

    reference: str | None = None
    answers: Mapping[str, str] = field(default_factory=dict)


def split(line: str) -> list[str]:
    r"""Split a line into words.

    Blanks separate words, except between quotation marks. A backslash is a character like any
    other, so that ``\d+`` and ``C:\Users`` arrive as written; only before a quotation mark or a
    blank it takes that character's meaning away, as IPython's completion of file names writes it.
    A ``#`` at the beginning of a word starts a comment. A ``;`` at the end of the line belongs to
    the notebook, where it hides a value.

    Raises:
        UsageError: A quotation mark is not closed.
    """
    return [word.text for word in _words(line)]


class _Word(Struct):
    text: str
    quoted: bool = False  # its last character stands between quotation marks


def _words(line: str) -> list[_Word]:
    words = list(_scanned(line))
    if words and not words[-1].quoted:
        words[-1].text = words[-1].text.rstrip(";")
        if not words[-1].text:
            words.pop()
    return words


def _scanned(line: str) -> Iterator[_Word]:
    word: _Word | None = None
    quote = ""
    characters = iter(enumerate(line))
    for index, character in characters:
        following = line[index + 1 : index + 2]
        if character == "\\" and quote != "'" and following and _is_escapable(following, quote):
            next(characters)
            word = _grown(word, following, quoted=True)
        elif quote:
            if character == quote:
                quote = ""
            else:
                word = _grown(word, character, quoted=True)
        elif character in _QUOTES:
            quote = character
            word = _grown(word, "", quoted=True)
        elif character.isspace():
            if word is not None:
                yield word
            word = None
        elif character == "#" and word is None:
            return
        else:
            word = _grown(word, character, quoted=False)
    if quote:
        raise UsageError(Message("A quotation mark is not closed in: {line}", line=line))
    if word is not None:
        yield word


def _is_escapable(character: str, quote: str) -> bool:
    return character == quote if quote else character in _QUOTES or character in " \t"


def _grown(word: _Word | None, text: str, *, quoted: bool) -> _Word:
    return _Word((word.text if word is not None else "") + text, quoted)


def task_arguments(words: Iterable[str]) -> TaskArguments:
    """Sort words into the one without ``=``, a task, and PROBLEM=VALUE pairs.

    Raises:
        UsageError: More than one has no ``=``.
    """
    reference: str | None = None
    answers: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if equals:
            answers[name] = value
        elif reference is None:
            reference = word
        else:
            raise UsageError(
                Message(
                    "“{word}” is one word too many; answers are written PROBLEM=VALUE, in "
                    "quotation marks if there are blanks in them.",
                    word=word,
                )
            )
    return TaskArguments(reference, answers)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a sentence that names the nearest of the known words, empty if none is near."""
    near = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.5)
    return Message(" Did you mean {close}?", close=near[0]) if near else ""
