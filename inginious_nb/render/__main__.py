"""The child process of `process.FormattingProcess`; not meant to be started by hand.

Each line on stdin is a request in JSON. It is answered by an empty line when it was taken, and by
one line of JSON when the text is formatted. The end of stdin, or a long silence, ends the process.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import os
import select
import sys
from pathlib import Path
from typing import IO, Any

from .assets import Assets
from .formatting import Formatted, format_html, format_plain, format_rst
from .process import IDLE_TIMEOUT_S, MAX_MEMORY_BYTES

_HAS_LIMITS = os.name == "posix"  # elsewhere the parent's clock is the only limit
if _HAS_LIMITS:
    import resource

_WORN_OUT_BYTES = 300 * 1024 * 1024
"""A process that once held so much is replaced: the system does not get all of it back."""


def main() -> None:
    """Answer requests until there are no more."""
    # Nothing that is printed by mistake may get into the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    max_cpu_s = int(sys.argv[-1])
    _limit_memory()
    requests = sys.stdin.buffer
    while _arrives(requests):
        line = requests.readline()
        if not line:
            return
        answers.write(b"\n")
        answers.flush()
        _limit_cpu(max_cpu_s)
        reply = _reply(json.loads(line)) | {"last": _is_worn_out()}
        answers.write(json.dumps(reply).encode() + b"\n")
        answers.flush()


def _reply(request: dict[str, Any]) -> dict[str, Any]:
    assets = Assets.from_list(request.pop("assets", None))
    formatted = _formatted(request, assets)
    reads_files = assets is not None and bool(assets.asked_for)
    return dataclasses.asdict(formatted) | {"reads_files": reads_files}


def _formatted(request: dict[str, Any], assets: Assets | None) -> Formatted:
    kind, text = request.pop("kind"), request.pop("text")
    if "now" in request:
        request["now"] = dt.datetime.fromisoformat(request["now"])
    match kind:
        case "rst":
            return format_rst(text, assets=assets, **request)
        case "html":
            return format_html(text, assets=assets, **request)
        case _:
            return format_plain(text, **request)


def _arrives(requests: IO[bytes]) -> bool:
    """Wait for a request; whether one came before the time was over."""
    if os.name != "posix":
        return True  # select takes sockets only
    return bool(select.select([requests], [], [], IDLE_TIMEOUT_S)[0])


def _limit_memory() -> None:
    if _HAS_LIMITS:
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        soft = MAX_MEMORY_BYTES if hard < 0 else min(MAX_MEMORY_BYTES, hard)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _limit_cpu(max_cpu_s: int) -> None:
    """Let the system end this process once the next text has taken its time."""
    if not _HAS_LIMITS:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = int(used.ru_utime + used.ru_stime) + 1 + max_cpu_s
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard < 0 else min(soft, hard), hard))


def _is_worn_out() -> bool:
    return _HAS_LIMITS and _peak_bytes() > _WORN_OUT_BYTES


def _peak_bytes() -> int:
    """Return the most memory that this program has held.

    Linux counts in ``ru_maxrss`` what the parent held when it started us (getrusage(2)).
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
        return 1024 * int(status.partition("VmHWM:")[2].split()[0])
    except (OSError, IndexError):
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


main()
