"""What is said to a person, in the languages of the interface: English and French.

One catalogue, ``locale/en.json`` and ``locale/fr.json``, serves Python and the front end. Short
words have names in it, since alone they could mean anything (`Words`). Sentences stand in English
where they are said, and are looked up by that in the other catalogues, as with gettext
(`Message`). tests/unit/test_i18n.py compares the catalogues with one another and with the code.
Everything may import this module; it imports nothing.
"""

from __future__ import annotations

import functools
import json
import locale
import os
import re
import string
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

LANGUAGES = ("en", "fr")
"""Languages of the interface, the first where none is known."""

Recognised = Literal["results", "help", "sandbox"]
"""What other programs of ours write in English: what became of a job, the help of commands, and
what a sandbox isolates."""

NARROW_SPACE = "\u202f"
"""What French puts between thousands: it does not break."""

_LONGEST_RECOGNISED = 1_000
_FOLDER = Path(__file__).parent / "locale"
# As gettext has it; LANGUAGE may name several.
_VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")


def primary(tag: str) -> str:
    """The language of a tag such as ``fr-BE`` or ``fr_BE.UTF-8``, whether or not we speak it."""
    return re.split(r"[-_.@]", tag, maxsplit=1)[0].lower()


def spoken(tag: str) -> str:
    """The language of the interface for somebody who asks for that of a tag."""
    code = primary(tag)
    return code if code in LANGUAGES else LANGUAGES[0]


def system_language(environ: Mapping[str, str] = os.environ) -> str:
    """The language that the system is set to, ``en`` if it does not say."""
    told = next(filter(None, map(environ.get, _VARIABLES)), None) or locale.getlocale()[0] or ""
    code = primary(told.partition(":")[0])
    return code if code.isalpha() and code not in ("c", "posix") else LANGUAGES[0]


class Message(str):
    """A sentence for a person: a text in English that can be said in other languages.

    Whoever does not know what it is sees its English. Parameters stand in it as ``str.format`` has
    them; one that is a sentence itself is said in the same language.

    Args:
        template: It in English; where it counts something, ``n``, the form for many.
        one: The form for an ``n`` of one, if it differs.
        parameters: What is filled in.
    """

    __slots__ = ("_one", "_parameters", "_template")
    _one: str
    _parameters: dict[str, object]
    _template: str

    def __new__(cls, template: str, /, *, one: str = "", **parameters: object) -> Self:
        """Fill in the parameters."""
        self = super().__new__(cls, _filled(_forms(template, one), LANGUAGES[0], parameters))
        self._template, self._one, self._parameters = template, one, parameters
        return self

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, object]]:
        return (self._template,), {"one": self._one, **self._parameters}

    def in_language(self, lang: str) -> str:
        """It in a language, in English where that is none of ours."""
        lang = spoken(lang)
        translations = _catalogue(lang).get("sentences", {})
        entry = translations.get(self._template, _forms(self._template, self._one))
        return _filled(entry, lang, self._parameters)


def kept(text: str) -> str | list[Any]:
    """A text for a file that may be read in another language; `from_kept` gives it back."""
    if not isinstance(text, Message):
        return text
    (template,), keywords = text.__getnewargs_ex__()
    return [
        template,
        {
            name: value
            if isinstance(value, (int, float))
            else kept(value if isinstance(value, str) else str(value))
            for name, value in keywords.items()
        },
    ]


def from_kept(value: str | list[Any]) -> str:
    """The text that was kept; what no program of ours has kept is its English, or nothing.

    A file may say anything, and `str.format` reaches far.
    """
    if isinstance(value, str):
        return value
    try:
        template, keywords = value
        if not _is_plain(template) or not _is_plain(keywords.get("one", "")):
            return str(template)
        sentence = Message(
            template, **{n: from_kept(v) if isinstance(v, list) else v for n, v in keywords.items()}
        )
        for lang in LANGUAGES:
            sentence.in_language(lang)  # a translation may ask for other parameters
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        return value[0] if value and isinstance(value[0], str) else ""
    return sentence


def _is_plain(template: str) -> bool:
    """Return whether a template fills in names as they are: no attribute, no index, no width."""
    return all(
        name is None or (name.isidentifier() and not spec and conversion is None)
        for _, name, spec, conversion in string.Formatter().parse(template)
    )


def in_language(text: str, lang: str) -> str:
    """A text in a language, as it is if it is no sentence of ours."""
    if isinstance(text, Message):
        return text.in_language(lang)
    return recognised(text, lang, "results")


class Words:
    """The named words of one section of the catalogue, in one language.

    Args:
        section: The section, such as ``widget``.
        lang: The language; English where it is none of ours.
    """

    def __init__(self, section: str, lang: str) -> None:
        self._lang = spoken(lang)
        self._section = _catalogue(self._lang)[section]

    def __call__(self, name: str, /, **parameters: object) -> str:
        """The words of that name, which may be ``group.name``, with their parameters filled in."""
        entry = self._section
        for part in name.split("."):
            entry = entry[part]
        return _filled(entry, self._lang, parameters)

    def named(self, group: str, name: str) -> str:
        """The word of a group for what somebody else has named; that name where there is none."""
        words: Mapping[str, str] = self._section[group]
        return words.get(name, name)


def recognised(text: str, lang: str, section: Recognised) -> str:
    """A plain text, in a language if it is one that our own programs wrote, else as it is.

    Those write English only: a result may be kept, and read by others.

    Args:
        text: The text.
        lang: The language.
        section: What kind of text it is. Others may write the same words for something else.
    """
    if len(text) > _LONGEST_RECOGNISED:
        return text  # nobody's patience is tried with a text made for that
    for pattern, translation in _foreign(spoken(lang), section):
        match = pattern.fullmatch(text)
        if match is not None:
            return _filled(translation, spoken(lang), match.groupdict())
    return text


def number(value: float, lang: str) -> str:
    """A number with up to two decimals, as the language writes it."""
    text = f"{round(value, 2):g}"
    return text.replace(".", ",") if spoken(lang) == "fr" else text


@functools.cache
def _catalogue(lang: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((_FOLDER / f"{lang}.json").read_text(encoding="utf-8"))
    return found


@functools.cache
def _foreign(lang: str, section: Recognised) -> list[tuple[re.Pattern[str], str]]:
    """Return what our programs say in English only, as patterns, each with its translation."""
    found = _catalogue(lang).get("recognised", {}).get(section, {})
    return [
        (re.compile(_pattern(english), re.DOTALL), translation)
        for english, translation in found.items()
    ]


def _pattern(english: str) -> str:
    parts = string.Formatter().parse(english)
    return "".join(
        re.escape(literal) + (f"(?P<{name}>.+?)" if name else "") for literal, name, _, _ in parts
    )


def _forms(template: str, one: str) -> str | dict[str, str]:
    return {"one": one, "other": template} if one else template


def _filled(entry: str | Mapping[str, str], lang: str, parameters: Mapping[str, object]) -> str:
    if not isinstance(entry, str):
        n: Any = parameters["n"]
        entry = entry.get(str(n)) or entry.get(_plural(n, lang)) or entry["other"]
    return _Formatter(lang).vformat(entry, (), parameters)


def _plural(n: float, lang: str) -> str:
    """The category of a count by the rules of CLDR, which ``Intl.PluralRules`` has too."""
    singular = 0 <= n < 2 if lang == "fr" else n == 1  # noqa: PLR2004 - French counts so
    return "one" if singular else "other"


class _Formatter(string.Formatter):
    """Fills in parameters as a language writes them."""

    def __init__(self, lang: str) -> None:
        self._lang = lang

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, Message):
            return value.in_language(self._lang)
        text = str(super().format_field(value, format_spec))
        return text.replace(",", NARROW_SPACE) if (format_spec, self._lang) == (",", "fr") else text
