"""Texts of courses and tasks in other languages: ``$i18n/LANG.mo``.

Source: docs/protocol.md, Translations.
"""

from __future__ import annotations

import gettext
import io
import logging
import struct
from typing import TYPE_CHECKING

from inginious_nb.errors import CourseError

from . import probing
from .ids import is_valid_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    Translator = Callable[[str], str]

logger = logging.getLogger(__name__)

FOLDER = "$i18n"
_MAX_FILE_BYTES = 8 * 1024 * 1024
_MAX_ENTRIES = 100_000
_MAX_HEADER_BYTES = 16 * 1024


def translator(folders: Iterable[Path], language: str) -> Translator | None:
    """Return the function that translates a text, or None if there is no translation.

    Args:
        folders: Where ``$i18n`` may be; the first that has one is used, and no other.
        language: A code such as ``fr`` or ``fr_BE``; the latter falls back on the former.
    """
    folder = _folder(folders)
    if folder is None:
        return None
    code = language.replace("-", "_")
    for name in dict.fromkeys((language, code, code.partition("_")[0])):
        path = folder / f"{name}.mo"
        if is_valid_id(name) and probing.is_file(path):
            return _translator_of(path)
    return None


def translators(folders: Iterable[Path]) -> list[Translator]:
    """Return the functions that translate a text into each language that there is."""
    folder = _folder(folders)
    files = sorted(probing.listed(folder).files) if folder is not None else []
    found = [_translator_of(path) for path in files if path.suffix == ".mo"]
    return [translator for translator in found if translator is not None]


def _folder(folders: Iterable[Path]) -> Path | None:
    return next((path / FOLDER for path in folders if probing.is_folder(path / FOLDER)), None)


def _translator_of(path: Path) -> Translator | None:
    try:
        content = probing.read(path, _MAX_FILE_BYTES)
        _check(content)
        catalogue = gettext.GNUTranslations(io.BytesIO(content))
        # Looking up a text may ask for the plural of one, by a formula of the file.
        catalogue.ngettext("", "", 1)
    except CourseError as error:
        logger.warning("%s", error)
        return None
    except (ArithmeticError, AssertionError, LookupError, OSError, ValueError) as error:
        logger.warning("%s is not a translation catalogue: %s", path, error)
        return None
    except (RecursionError, TypeError, struct.error) as error:
        logger.warning("%s is a damaged translation catalogue: %s", path, error)
        return None
    # The empty text is the key of the catalogue's own header.
    return lambda text: catalogue.gettext(text) if text else text


def _check(content: bytes) -> None:
    """Refuse a catalogue whose entries overlap: a small one can then hold any amount of text.

    Source: `the format of .mo files
    <https://www.gnu.org/software/gettext/manual/html_node/MO-Files.html>`_.

    Raises:
        ValueError: It is not a catalogue, or its entries overlap or are too many.
    """
    order = {b"\xde\x12\x04\x95": "<", b"\x95\x04\x12\xde": ">"}.get(content[:4])
    if order is None:
        raise ValueError("it does not begin as one, or is too large")
    _, count, keys, texts = struct.unpack_from(f"{order}4I", content, 4)
    if count > _MAX_ENTRIES:
        raise ValueError("it has too many entries")
    key_lengths, text_lengths = (
        struct.unpack_from(f"{order}{2 * count}I", content, table)[::2] for table in (keys, texts)
    )
    if sum(key_lengths) + sum(text_lengths) > len(content):
        raise ValueError("its entries overlap")
    # gettext puts the lines of a header together in a time that grows with their square.
    header = sum(text for key, text in zip(key_lengths, text_lengths, strict=True) if key == 0)
    if header > _MAX_HEADER_BYTES:
        raise ValueError("its header is too long")
