"""The version that pages of this server should have, as it was when the server started.

A package that was built or installed again may have the same number; what is added tells which
build of the front end it came with. A page works out its own alike (`js/lab/own_version.ts`).
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from jupyter_core.paths import jupyter_path

from inginious_nb import __version__

_BUILD = re.compile(r"\.([0-9a-f]{8})")


def served_version() -> str:
    """Return the version with the build as its local part (PEP 440), alone where none is found."""
    for folder in jupyter_path("labextensions"):
        try:
            package = json.loads(Path(folder, "inginious-nb", "package.json").read_text("utf-8"))
            build = _BUILD.search(package["jupyterlab"]["_build"]["load"])
        except (OSError, ValueError, LookupError, TypeError):
            continue
        return f"{__version__}+{build[1]}" if build else __version__
    return __version__
