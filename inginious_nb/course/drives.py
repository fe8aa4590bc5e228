"""Drives that may not answer: mounts over a network or by FUSE, asked before a path leads there.

A file operation there can wait for ever, and nothing can interrupt it. So each such mount is asked
in a thread of its own, for a limited time, when a path leads into it; once it has answered, paths
in it are used as all others are. Where there is no ``/proc/self/mountinfo``, nothing is asked.
"""

from __future__ import annotations

import errno
import os
import re
import threading
import time
from pathlib import Path

ANSWER_TIMEOUT_S = 3.0
"""So long a mount has to answer, once for all paths in it."""

_ANSWERED_FOR_S = 10.0
"""So long an answer holds."""

_READ_FOR_S = 2.0
"""So long the list of mounts holds, and where links lead."""

_MAX_LINKS = 40  # as the kernel
_MOUNTINFO = Path("/proc/self/mountinfo")
_MAY_HANG = re.compile(
    r"nfs4?|cifs|smbfs|smb3|9p|virtiofs|ceph|lustre|afs|gpfs|beegfs|orangefs|pvfs2|vboxsf|fuse(blk|\..+)?"
)


class _Drive:
    """A mount that may not answer.

    Args:
        place: Where it is mounted.
    """

    def __init__(self, place: str) -> None:
        self._place = place
        self._lock = threading.Lock()
        self._asking: threading.Thread | None = None
        self._asked_at = 0.0
        self._answered_at = -_ANSWERED_FOR_S

    def enter(self) -> None:
        """Return if it answers, or has done so lately.

        Raises:
            TimeoutError: It does not; at once while the thread that asks it is held.
            BlockingIOError: No thread can begin to ask it now.
        """
        with self._lock:
            now = time.monotonic()
            if now - self._answered_at < _ANSWERED_FOR_S:
                return
            asking = self._asking
            if asking is None:
                asking = threading.Thread(target=self._ask, name="inginious_nb mount", daemon=True)
                try:
                    asking.start()
                except RuntimeError as error:
                    reason = os.strerror(errno.EAGAIN)
                    raise BlockingIOError(errno.EAGAIN, reason, self._place) from error
                self._asking, self._asked_at = asking, now
        asking.join(max(0.0, self._asked_at + ANSWER_TIMEOUT_S - time.monotonic()))
        if asking.is_alive():
            raise TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT), self._place)

    def _ask(self) -> None:
        try:
            os.stat(self._place)  # noqa: PTH116 - a hot path
            os.statvfs(self._place)  # the answer to the other may be a kept one
        except OSError:
            pass  # an answer, too
        with self._lock:
            self._answered_at = time.monotonic()
            self._asking = None


class _Mounts:
    """The mounts of this process that may not answer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._drives: dict[str, _Drive] = {}
        self._links: dict[str, str | None] = {}
        self._read_at = -_READ_FOR_S

    def enter(self, path: str) -> None:
        """Return if all mounts on the way to a path answer.

        Raises:
            OSError: One does not, as a TimeoutError; or the working directory has been removed.
        """
        drives, links = self._now()
        if drives:
            self._walk(os.path.abspath(path), drives, links)  # noqa: PTH100 - no link is followed

    def _now(self) -> tuple[dict[str, _Drive], dict[str, str | None]]:
        with self._lock:
            now = time.monotonic()
            if now - self._read_at >= _READ_FOR_S:
                self._read_at, self._links = now, {}
                self._drives = {
                    place: self._drives.get(place) or _Drive(place) for place in _places()
                }
            return self._drives, self._links

    @staticmethod
    def _walk(path: str, drives: dict[str, _Drive], links: dict[str, str | None]) -> None:
        """Go along a path, links followed, as far as it exists."""
        ahead = path.split("/")[::-1]
        here, followed = "", 0
        while ahead:
            part = ahead.pop()
            if part in ("", "."):
                continue
            if part == "..":
                here = here.rpartition("/")[0]
                continue
            place = f"{here}/{part}"
            drive = drives.get(place)
            if drive is not None:
                drive.enter()
            elif place not in links:
                try:
                    links[place] = os.readlink(place)  # noqa: PTH115 - a hot path
                except (OSError, ValueError):
                    links[place] = None  # most are no links
            target = None if drive is not None else links[place]
            if target is None:
                here = place
                continue
            followed += 1
            if followed > _MAX_LINKS:
                return
            if target.startswith("/"):
                here = ""
            ahead += target.split("/")[::-1]


def _places() -> list[str]:
    """Return where file systems are mounted that may not answer."""
    kinds = {}
    try:
        lines = os.fsdecode(_MOUNTINFO.read_bytes()).split("\n")
    except OSError:
        return []
    for line in filter(None, lines):
        mount, _, more = line.partition(" - ")
        place = re.sub(r"\\(\d{3})", lambda found: chr(int(found[1], 8)), mount.split(" ")[4])
        kinds[place] = more.split(" ")[0]  # what was mounted last at a place is what is seen
    return [place for place, kind in kinds.items() if place != "/" and _MAY_HANG.fullmatch(kind)]


_mounts = _Mounts()


def enter(path: str | os.PathLike[str]) -> None:
    """Return if a path can be looked at without waiting for ever, links in it followed.

    It takes microseconds, but `ANSWER_TIMEOUT_S` where it leads into a mount that does not answer,
    the first time.

    Raises:
        OSError: A mount on the way does not answer (a TimeoutError), or the path is relative and
            the working directory has been removed.
    """
    _mounts.enter(os.fspath(path))
