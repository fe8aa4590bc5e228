"""The private file by which a Jupyter server tells its kernels of its embedded service.

It stands in Jupyter's runtime folder under the id of the server's process, which its kernels know,
and holds the keys of the service: only its owner may read it, and what somebody else could have
written is not believed (docs/security.md). No socket is known here.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

import inginious_nb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inginious_nb.settings import Inginious

_log = logging.getLogger(__name__)

_PREFIX = "inginious-service-"
_PRIVATE = 0o600
_OTHERS = 0o077
_MAX_BYTES = 64 * 1024
_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


class Offer(Struct, frozen=True):
    """A service that kernels may use.

    Attributes:
        address: Where it is asked for.
        curve: The keys to ask with, in ZeroMQ's text form: the service's public one, ours, and our
            secret one.
        terms: What must be the same on both sides (`terms`).
    """

    address: str
    curve: tuple[str, str, str]
    terms: dict[str, Any]


def terms(settings: Inginious) -> dict[str, Any]:
    """Return what a service and whoever uses it must have in common."""
    return {
        "version": inginious_nb.__version__,  # is looked up when it is asked for
        "python": sys.prefix,
        "slots": settings.slots or None,
        "sandbox": settings.sandbox,
        "environments": dict(settings.environments),
    }


def write_offer(offer: Offer) -> Path | None:
    """Write the offer of this process; returns its file, None where there is no place for one."""
    if os.name != "posix":
        return None  # the owner of a file says nothing there
    path = _path(os.getpid())
    part = path.with_suffix(".part")
    content = {"address": offer.address, "curve": offer.curve, "terms": offer.terms}
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "w") as file:  # noqa: PTH123 - private from the first
            json.dump(content, file)
        part.replace(path)
    except OSError as error:
        _log.info("Kernels are not told of the embedded grading service: %s", error)
        return None
    for stale in _stale():
        stale.unlink(missing_ok=True)
    return path


def parent_server() -> int:
    """Return the process id of the Jupyter server that started this kernel, 0 without one."""
    # jupyter_client tells its kernels; on Windows it is no process id.
    server = os.environ.get("JPY_PARENT_PID", "")
    return int(server) if os.name == "posix" and server.isdecimal() else 0


def read_offer(process_id: int) -> Offer | None:
    """Return the offer of a process, None without one."""
    path = _path(process_id)
    try:
        content = json.loads(_own_file(path))
        server, public, secret = (str(key) for key in content["curve"])
        return Offer(str(content["address"]), (server, public, secret), dict(content["terms"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        _log.warning("%s is not used: %s", path, error)
        return None


def _own_file(path: Path) -> bytes:
    """Return what is in a file that nobody else can have written or can read.

    Raises:
        PermissionError: It is no such file.
    """
    with open(os.open(path, _READ), "rb") as file:  # noqa: PTH123 - looked at before it is read
        status = os.fstat(file.fileno())
        if (
            not stat.S_ISREG(status.st_mode)
            or status.st_uid != os.geteuid()
            or stat.S_IMODE(status.st_mode) & _OTHERS
        ):
            raise PermissionError("it is no file of mode 0600 of this user")
        return file.read(_MAX_BYTES)


def _path(process_id: int) -> Path:
    from jupyter_core.paths import jupyter_runtime_dir  # noqa: PLC0415 - with the first submission

    return Path(jupyter_runtime_dir()) / f"{_PREFIX}{process_id}.json"


def _stale() -> Iterator[Path]:
    """Yield the offers of servers that were killed."""
    own = _path(os.getpid())
    for path in own.parent.glob(f"{_PREFIX}*.json"):
        process_id = path.stem.removeprefix(_PREFIX)
        if path == own or not process_id.isdecimal():
            continue
        with contextlib.suppress(PermissionError):  # somebody else's process
            try:
                os.kill(int(process_id), 0)
            except (ProcessLookupError, OverflowError):
                yield path
