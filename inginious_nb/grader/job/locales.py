"""The locale en_US.UTF-8, which INGInious's containers have and many machines lack.

Scripts ask for it by name, and `sort` orders by it. It is compiled from the sources of the C
library where these are installed, which takes about two seconds, so the user's cache keeps it.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import platformdirs

from inginious_nb.grader.sandbox.stale_processes import MARK
from inginious_nb.grader.sandbox.sweeper import new_swept_mark

logger = logging.getLogger(__name__)

NAME = "en_US.UTF-8"
FALLBACK = "C.UTF-8"
FOLDER = "en_US.utf8"
"""The name of the folder that the C library looks for."""
SYSTEM_FOLDER = Path("/usr/lib/locale")

_SOURCES = Path("/usr/share/i18n/locales")
_MAIN_SOURCES = ("en_US", "iso14651_t1_common")
"""What a new version of the C library changes: the locale itself, and the order of letters."""
_TIMEOUT_S = 60.0


def is_installed() -> bool:
    """Return whether this machine has the locale."""
    try:
        program = shutil.which("locale") or "/usr/bin/locale"
        done = subprocess.run(  # noqa: S603 - fixed words
            [program, "-a"], capture_output=True, timeout=_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return False
    # Some names, such as français, are written in an encoding that is not told.
    names = done.stdout.decode("ascii", "replace").lower().replace("-", "").split()
    return NAME.lower().replace("-", "") in names


def compiled_locale() -> Path | None:
    """Return the folder of the compiled locale, from the cache if it is there; None without one."""
    try:
        folder = platformdirs.user_cache_path("inginious_nb") / "locale" / _version()
        if not (folder / FOLDER).is_dir():
            _compile(folder)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        logger.info("Jobs have no locale %s but %s: %s", NAME, FALLBACK, error)
        return None
    return folder / FOLDER


def _version() -> str:
    """Return what changes when the locale has to be compiled anew."""
    times = [(_SOURCES / name).stat().st_mtime_ns for name in _MAIN_SOURCES]
    return f"{os.confstr('CS_GNU_LIBC_VERSION')}-{max(times)}".replace(" ", "-")


def _compile(folder: Path) -> None:
    """Compile the locale into a folder of the cache.

    Raises:
        OSError: It cannot be compiled or kept.
        subprocess.SubprocessError: Compiling takes too long.
    """
    program = shutil.which("localedef")
    if program is None:
        raise FileNotFoundError("localedef is not installed")
    folder.mkdir(parents=True, exist_ok=True)
    # Another service may do the same: the folder appears as a whole, and only once.
    with tempfile.TemporaryDirectory(dir=folder) as made:
        target = Path(made, FOLDER)
        command = [program, "--no-archive", "-i", "en_US", "-f", "UTF-8", str(target)]
        # Warnings end it with another status although all is there.
        subprocess.run(  # noqa: S603 - fixed words
            command,
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=False,
            env={**os.environ, MARK: new_swept_mark()},
        )
        if not (target / "LC_COLLATE").is_file():
            raise FileNotFoundError("localedef made none")
        try:
            target.rename(folder / FOLDER)
        except OSError:
            if not (folder / FOLDER).is_dir():
                raise
