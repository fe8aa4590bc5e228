"""Messages to people, in the languages of the interface: English and French.

English stands in the code: as a `Message` with its parameters, translated when somebody reads it,
or, for short words that alone could mean anything, under a name in ``words.json``. Other languages
are gettext catalogues, ``locale/LANG/LC_MESSAGES/inginious_nb.po``; the context of a word is its
name. `make catalogues` extracts, updates and compiles them with Babel. Everything may import this
module; it imports nothing.
"""

from __future__ import annotations

import functools
import gettext
import json
import locale
import os
import re
import string
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LANGUAGES = ("en", "fr")
"""Languages of the interface, the first where none is known."""

DOMAIN = "inginious_nb"

NARROW_SPACE = "\u202f"
"""What French puts between thousands: it does not break."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_JOINERS = "\u200c\u200d"
_JOINED = ("Lo", "Mc", "Mn", "Sk", "So")
"""Letters without case, their marks, symbols. Latin letters look the same with a joiner."""

_FOLDER = Path(__file__).parent
# As gettext has it; LANGUAGE may name several.
_VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")


def primary(tag: str) -> str:
    """Return the language of a tag such as ``fr-BE`` or ``fr_BE.UTF-8``, spoken here or not."""
    return re.split(r"[-_.@]", tag, maxsplit=1)[0].lower()


def spoken(tag: str) -> str:
    """Return the language of the interface for somebody who asks for that of a tag."""
    code = primary(tag)
    return code if code in LANGUAGES else LANGUAGES[0]


def system_language(environ: Mapping[str, str] = os.environ) -> str:
    """Return the language that the system is set to, ``en`` if it does not say."""
    told = next(filter(None, map(environ.get, _VARIABLES)), None) or locale.getlocale()[0] or ""
    code = primary(told.partition(":")[0])
    return code if code.isalpha() and code not in ("c", "posix") else LANGUAGES[0]


def visible(name: str) -> str:
    """Return a name of somebody else's, for a message, with escapes for what nobody sees.

    File names may hold bytes of any encoding, ends of lines, and characters that turn a line round.
    Names that differ stay different. What joins two characters to one sign is seen by what it does.
    """
    return "".join(
        character
        if character.isprintable() or _is_joiner(name, index)
        else character.encode("unicode_escape", "surrogatepass").decode("ascii")
        for index, character in enumerate(name)
    )


def _is_joiner(name: str, index: int) -> bool:
    """Return whether a character joins or parts its neighbours, as in emojis, Persian or Hindi."""
    if name[index] not in _JOINERS or index in (0, len(name) - 1):
        return False
    neighbours = name[index - 1], name[index + 1]
    return all(unicodedata.category(neighbour) in _JOINED for neighbour in neighbours)


def in_one_form(name: str) -> str:
    """Return a name in Unicode's form NFC, case kept, so that whoever is called so is one person.

    macOS, and archives that are made there, write an accent apart from its letter (NFD).
    """
    return unicodedata.normalize("NFC", name)


def printable(text: str) -> str:
    """Return a text of somebody else's without control characters, which a terminal would obey.

    Ends of lines and tabs stay.
    """
    return _CONTROL.sub("", text)


def speak_to(reader: Callable[[], str]) -> None:
    """Take the language of the person at this process from a function, asked each time."""
    global _reader  # noqa: PLW0603 - a process has one person at it
    _reader = reader


def reader_language() -> str:
    """Return the language of the person at this process, English until `speak_to` was called."""
    return _reader()


def _reader() -> str:
    return LANGUAGES[0]


class Message(str):
    """A message to a person: a text in English that can be said in other languages.

    Whoever does not know what it is sees its English. Parameters stand in it as ``str.format`` has
    them; one that is a message itself is said in the same language.

    Args:
        template: It in English; where it counts something, ``n``, the form for many.
        parameters: What is filled in.
    """

    __slots__ = ("_one", "_parameters", "_template")
    _one: str
    _parameters: dict[str, object]
    _template: str

    def __new__(cls, template: str, /, *, one: str = "", **parameters: object) -> Self:
        """Fill in the parameters; ``one`` is the form for one, see `plural`."""
        english = one if one and parameters.get("n") == 1 else template
        self = super().__new__(cls, _filled(english, LANGUAGES[0], parameters))
        self._template, self._one, self._parameters = template, one, parameters
        return self

    @classmethod
    def plural(cls, one: str, many: str, /, **parameters: object) -> Self:
        """Return a message that counts ``n``, from its forms for one and for many."""
        return cls(many, one=one, **parameters)

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, object]]:
        return (self._template,), {"one": self._one, **self._parameters}

    @property
    def parameters(self) -> Mapping[str, object]:
        """Return what is filled in, by name."""
        return self._parameters

    def in_language(self, lang: str) -> str:
        """Return it in a language, in English where that is none of ours."""
        lang = spoken(lang)
        if lang == LANGUAGES[0]:
            return str(self)
        catalogue, n = _catalogue(lang), self._parameters.get("n")
        one = self._one or self._template
        text = catalogue.ngettext(one, self._template, n) if isinstance(n, int) else ""
        if text in ("", one, self._template):
            text = catalogue.gettext(self._template)
        return _filled(text, lang, self._parameters)


def marked(text: str) -> str:
    """Return a text as it is; it is marked for translation, which `translated` looks up later."""
    return text


def translated(text: str, lang: str) -> str:
    """Return a text that was `marked` in a language; nothing is filled in."""
    lang = spoken(lang)
    return text if lang == LANGUAGES[0] else _catalogue(lang).gettext(text)


def kept(text: str) -> str | list[Any]:
    """Return a text for a file that may be read in another language; `from_kept` gives it back."""
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


def from_kept(value: Any) -> str:
    """Return the text that was kept; what no program of ours has kept is its English, or nothing.

    A file may say anything, and `str.format` reaches far.
    """
    if isinstance(value, str):
        return value
    try:
        template, keywords = value
        if not _is_plain(template) or not _is_plain(keywords.get("one", "")):
            return str(template)
        message = Message(
            template,
            **{n: from_kept(v) if isinstance(v, (list, tuple)) else v for n, v in keywords.items()},
        )
        for lang in LANGUAGES:
            message.in_language(lang)  # a translation may ask for other parameters
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        is_pair = isinstance(value, (list, tuple)) and value
        return value[0] if is_pair and isinstance(value[0], str) else ""
    return message


def _is_plain(template: str) -> bool:
    """Return whether a template fills in names as they are: no attribute, no index, no width."""
    return all(
        name is None or (name.isidentifier() and not spec and conversion is None)
        for _, name, spec, conversion in string.Formatter().parse(template)
    )


def in_language(text: str, lang: str) -> str:
    """Return a text in a language, as it is if it is no message of ours."""
    return text.in_language(lang) if isinstance(text, Message) else text


class Words:
    """The named words of one section of ``words.json``, in one language.

    Args:
        section: The section, such as ``widget``.
        lang: The language; English where it is none of ours.
    """

    def __init__(self, section: str, lang: str) -> None:
        self._lang = spoken(lang)
        self._name = section
        self._section = _words()[section]

    def __call__(self, name: str, /, **parameters: object) -> str:
        """Return the words of that name, which may be ``group.name``, with parameters filled in."""
        entry = self._section
        for part in name.split("."):
            entry = entry[part]
        text = self._translated(f"{self._name}.{name}", entry, parameters.get("n"))
        return _filled(text, self._lang, parameters)

    def named(self, group: str, name: str) -> str:
        """Return the word of a group for a name of somebody else's, the name if there is none."""
        words: Mapping[str, str] = self._section[group]
        return self(f"{group}.{name}") if name in words else name

    def get(self, group: str, name: str) -> str:
        """Return the word of a group for a name, empty if there is none."""
        return self(f"{group}.{name}") if name in self._section[group] else ""

    def _translated(self, context: str, entry: Any, n: Any) -> str:
        """Return the template of an entry: a text, or forms by a count.

        Forms are ``other``, ``one`` for one, and perhaps a number with words of its own.
        """
        if isinstance(entry, str):
            one = many = entry
        else:
            if str(n) in entry:
                context, entry = f"{context}.{n}", {"other": entry[str(n)]}
            many = entry["other"]
            one = entry.get("one", many)
        if self._lang == LANGUAGES[0]:
            return one if n == 1 else many
        catalogue = _catalogue(self._lang)
        found = many if n is None else catalogue.npgettext(context, one, many, _as_int(n))
        return catalogue.pgettext(context, many) if found in (one, many) else found


def _as_int(n: float) -> int:
    """Return a count as gettext's rules take it: French has one and a half in the singular."""
    return int(n)


def number(value: float, lang: str) -> str:
    """Return a number with up to two decimals, as the language writes it."""
    text = f"{round(value, 2):g}"
    return text.replace(".", ",") if spoken(lang) == "fr" else text


@functools.cache
def _words() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((_FOLDER / "words.json").read_text(encoding="utf-8"))
    return found


@functools.cache
def _catalogue(lang: str) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, _FOLDER / "locale", [lang], fallback=True)


def _filled(template: str, lang: str, parameters: Mapping[str, object]) -> str:
    text = _Formatter(lang).vformat(template, (), parameters)
    # Bytes that are no text stand in the name of a file as half surrogates, which nothing prints.
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


class _Formatter(string.Formatter):
    """Fills in parameters as a language writes them."""

    def __init__(self, lang: str) -> None:
        self._lang = lang

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, Message):
            return value.in_language(self._lang)
        text = str(super().format_field(value, format_spec))
        return text.replace(",", NARROW_SPACE) if (format_spec, self._lang) == (",", "fr") else text
