"""Passwords in the keyring of the system, for whoever asked to keep one there.

`keyring` is an extra: it brings a cryptography library that most students never need. It is
imported on first use, and may ask the person to unlock, so nothing here is for the loop.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from inginious_nb.errors import UsageError
from inginious_nb.i18n import Message

from .sign_in import Credentials

if TYPE_CHECKING:
    from types import ModuleType

_log = logging.getLogger(__name__)

_LAST_USED = "inginious_nb"
"""The entry that has the name last kept for each site; those of passwords begin with it, too."""


def check_keyring() -> None:
    """See that a password could be kept.

    Raises:
        UsageError: There is no library for it, or no keyring.
    """
    try:
        keyring = _keyring()
    except ImportError:
        raise UsageError(
            Message("To keep passwords, run: pip install 'inginious_nb[keyring]', and try again.")
        ) from None
    if not _is_one(keyring.get_keyring()):
        raise UsageError(
            Message(
                "This machine has no keyring that works, so no password is kept; leave --keep out."
            )
        )


def keep(address: str, credentials: Credentials) -> None:
    """Keep a password for a site.

    Raises:
        UsageError: The keyring does not take it.
    """
    check_keyring()
    keyring = _keyring()
    try:
        keyring.set_password(_entry(address), credentials.username, credentials.password)
        keyring.set_password(_LAST_USED, address, credentials.username)
    except Exception as error:  # noqa: BLE001 - a backend raises what it likes
        # The error of a backend may quote what it was given.
        _log.warning("The keyring failed (%s).", type(error).__name__)
        raise UsageError(
            Message("The keyring did not take the password; you are signed in all the same.")
        ) from None


def kept(address: str, username: str = "") -> Credentials | None:
    """Return what is kept for a site: of a user, or of the one it was last kept for."""
    try:
        keyring = _keyring()
        if not _is_one(keyring.get_keyring()):
            return None
        username = username or keyring.get_password(_LAST_USED, address) or ""
        password = keyring.get_password(_entry(address), username) if username else None
    except ImportError:
        return None
    except Exception as error:  # noqa: BLE001 - locked, declined, broken: the person is asked
        _log.info("The keyring failed (%s).", type(error).__name__)
        return None
    return Credentials(username, password) if password else None


def forget(address: str, username: str) -> None:
    """Remove what is kept for a user of a site, if anything is."""
    if kept(address, username) is None:
        return
    keyring = _keyring()
    try:
        keyring.delete_password(_entry(address), username)
        if keyring.get_password(_LAST_USED, address) == username:
            keyring.delete_password(_LAST_USED, address)
    except Exception as error:  # noqa: BLE001 - likewise
        _log.warning("The keyring failed (%s).", type(error).__name__)
        raise UsageError(
            Message("The keyring did not let go of the password; remove it there yourself.")
        ) from None


def _keyring() -> ModuleType:
    import keyring  # noqa: PLC0415 - an extra, and slow to import

    return keyring


def _is_one(backend: Any) -> bool:
    """Return whether a backend is a keyring; a file in the clear, or none, has less than 1."""
    return float(backend.priority) >= 1


def _entry(address: str) -> str:
    return f"{_LAST_USED} {address}"
