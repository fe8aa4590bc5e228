"""The site that somebody signed in at last: notebooks and JupyterLab offer it to each other.

Its address and the name there stand in a file beside the history; a password or a session never.
It is a convenience: a file that cannot be read or written keeps nobody from working.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from inginious_nb.errors import UsageError

from .account import Account
from .inginious_web.address import checked_site

if TYPE_CHECKING:
    from pathlib import Path

_log = logging.getLogger(__name__)

_FILE_NAME = "last-site.json"
_MAX_BYTES = 10_000


class LastSite:
    """The site that the file names now, if it names one.

    Args:
        path: The file; None where nothing is kept.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._written_at = 0
        self._account: Account | None = None
        self.look()

    @classmethod
    def kept_in(cls, folder: Path | None) -> LastSite:
        """Return what stands in the folder of a history; nothing without one."""
        return cls(None if folder is None else folder / _FILE_NAME)

    @property
    def account(self) -> Account | None:
        """Return the site and the name there, None if nobody has signed in at one."""
        return self._account

    def look(self) -> bool:
        """Read what another process wrote; return whether it is another account now."""
        if self._path is None:
            return False
        try:
            written_at = self._path.stat().st_mtime_ns
            if written_at == self._written_at:
                return False
            before, self._account = self._account, _read(self._path)
        except (OSError, ValueError, RecursionError, UsageError):
            return False
        self._written_at = written_at
        return self._account != before

    def remember(self, account: Account) -> None:
        """Keep an account for the next time, and for other processes."""
        self.look()  # another process may have signed in elsewhere meanwhile
        if self._path is None or account == self._account:
            return
        self._account = account
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            part = self._path.with_suffix(".part")
            part.write_text(json.dumps({"site": account.site, "username": account.name}))
            part.replace(self._path)
        except OSError as error:
            _log.info("The site is not kept for the next time: %s", error)


def _read(path: Path) -> Account | None:
    with path.open("rb") as file:
        content = json.loads(file.read(_MAX_BYTES))
    if not isinstance(content, dict):
        return None
    site, username = content.get("site"), content.get("username")
    if not isinstance(site, str) or not isinstance(username, str) or not username.isprintable():
        return None
    return Account(checked_site(site), username)
