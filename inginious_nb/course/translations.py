"""Texts of courses and tasks in other languages: ``$i18n/LANG.mo``.

Source: docs/protocol.md, Translations.
"""

from __future__ import annotations

import gettext
import logging
from typing import TYPE_CHECKING

from .ids import is_valid_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    Translator = Callable[[str], str]

logger = logging.getLogger(__name__)

FOLDER = "$i18n"


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
        if is_valid_id(name) and path.is_file():
            return _translator_of(path)
    return None


def translators(folders: Iterable[Path]) -> list[Translator]:
    """Return the functions that translate a text into each language that there is."""
    folder = _folder(folders)
    paths = sorted(folder.glob("*.mo")) if folder is not None else []
    return [found for path in paths if (found := _translator_of(path)) is not None]


def _folder(folders: Iterable[Path]) -> Path | None:
    return next((path / FOLDER for path in folders if (path / FOLDER).is_dir()), None)


def _translator_of(path: Path) -> Translator | None:
    try:
        with path.open("rb") as file:
            catalogue = gettext.GNUTranslations(file)
    except (OSError, ValueError, LookupError, AssertionError) as error:
        logger.warning("%s is not a translation catalogue: %s", path, error)
        return None
    # The empty text is the key of the catalogue's own header.
    return lambda text: catalogue.gettext(text) if text else text
