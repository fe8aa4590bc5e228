"""A real Jupyter server on the loopback interface, for the browser tests and the pictures."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import psutil

from tests.support.peer import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CHECKOUT = Path(__file__).parent.parent.parent
COURSES = CHECKOUT / "notebooks" / "courses"
TOKEN = "a-token-for-tests"
PLUGINS = "inginious-nb"
START_LIMIT_S = 60
STOP_LIMIT_S = 20

_COLLABORATION = ("@jupyter/collaboration-extension", "@jupyter/docprovider-extension")


@dataclass
class JupyterServer:
    """A running server.

    Attributes:
        folder: Its root, where the notebooks are.
        url: Its address.
    """

    folder: Path
    url: str
    process: subprocess.Popen[bytes]

    @classmethod
    def start(
        cls,
        folder: Path,
        *,
        collaboration: bool = False,
        plugins: bool = False,
        settings: Mapping[str, object] | None = None,
        options: tuple[str, ...] = (),
        environ: Mapping[str, str] | None = None,
    ) -> Self:
        """Start a server in a folder of its own and wait until it answers.

        Args:
            folder: For everything it writes; its root is ``folder/root``.
            collaboration: Whether several people may edit a notebook at once.
            plugins: Whether JupyterLab has our plugins; the widget is also for hosts without.
            settings: JupyterLab settings that override the defaults, by plugin id.
            options: More command line options.
            environ: More environment variables, such as those of inginious_nb.
        """
        root, config = folder / "root", folder / "config"
        root.mkdir(parents=True, exist_ok=True)  # a test may have put something there
        (config / "labconfig").mkdir(parents=True)
        disabled = [*([] if collaboration else _COLLABORATION), *([] if plugins else [PLUGINS])]
        page = config / "labconfig" / "page_config.json"
        # Whether JupyterLab's own build is up to date is nobody's question here; it asks Node.
        page_config = {"disabledExtensions": dict.fromkeys(disabled, True), "buildCheck": False}
        page.write_text(json.dumps(page_config))
        _use_checkout(folder)
        overrides = {
            "@jupyterlab/apputils-extension:notification": {"fetchNews": "false"},
            # It would meet what a test saves, closes or looks for on the disk.
            "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
            **(settings or {}),
        }
        (folder / "app-settings").mkdir()
        (folder / "app-settings" / "overrides.json").write_text(json.dumps(overrides))
        port = free_port()
        with (folder / "server.log").open("wb") as log:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
                    "--ServerApp.ip=127.0.0.1",
                    f"--ServerApp.port={port}",
                    "--ServerApp.port_retries=0",
                    f"--ServerApp.root_dir={root}",
                    f"--IdentityProvider.token={TOKEN}",
                    f"--LabApp.app_settings_dir={folder / 'app-settings'}",
                    f"--LabApp.user_settings_dir={folder / 'user-settings'}",
                    f"--LabApp.workspaces_dir={folder / 'workspaces'}",
                    f"--ServerApp.jpserver_extensions={{'jupyter_server_ydoc': {collaboration}}}",
                    "--LabApp.news_url=None",
                    *options,
                ],
                cwd=root,
                env=os.environ
                | {
                    "JUPYTER_CONFIG_DIR": str(config),
                    "JUPYTER_DATA_DIR": str(folder / "data"),
                    "JUPYTER_PATH": str(folder / "share"),
                    "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
                    "IPYTHONDIR": str(folder / "ipython"),
                    "INGINIOUS_COURSES": str(COURSES),
                    "INGINIOUS_HISTORY": str(folder / "history.sqlite"),
                    "INGINIOUS_USERNAME": "ada",
                    "INGINIOUS_LANGUAGE": "en",
                    "LANG": "C.UTF-8",
                }
                | (environ or {}),
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        server = cls(root, f"http://127.0.0.1:{port}", process)
        try:
            server._wait()
        except BaseException:
            server.stop()
            raise
        return server

    def stop(self) -> None:
        """End it, its kernels and its service.

        Once these have ended there is nothing left to wait for. The server itself may not end: it
        joins a thread of anyio's, which nobody tells to end once the loop has stopped.
        """
        self.process.terminate()
        with contextlib.suppress(TimeoutError, psutil.NoSuchProcess):
            server = psutil.Process(self.process.pid)
            wait_until(
                lambda: self.process.poll() is not None or not server.children(recursive=True),
                limit_s=STOP_LIMIT_S,
            )
        self.process.kill()
        self.process.wait()

    def get(self, path: str) -> object:
        """The JSON that the server's API has at a path."""
        return self._request(path, "GET")

    def files(self) -> dict[Path, bytes]:
        """The content of each file below its folder, where some come and go all the time."""
        found = {}
        for parent, _, names in os.walk(self.folder.parent):
            for path in (Path(parent, name) for name in names):
                with contextlib.suppress(FileNotFoundError):
                    if path.is_file():
                        found[path] = path.read_bytes()
        return found

    def wait_for_kernel(self, name: str) -> None:
        """Wait until the kernel of a notebook has started; what is run before is lost."""
        wait_until(
            lambda: any(
                session["path"].endswith(name) and session["kernel"]["execution_state"] == "idle"
                for session in self.get("api/sessions")
            ),
            limit_s=40,
        )

    def change_settings(self, plugin: str, **values: object) -> None:
        """Have these settings of a plugin differ from its defaults, and no others."""
        body = {"raw": json.dumps(values)}
        self._request(f"lab/api/settings/{plugin}", "PUT", body)

    def end_kernels(self) -> None:
        """End the sessions of all notebooks: two cores serve one kernel well, not ten."""
        for session in self.get("api/sessions"):
            # Of several on one kernel the first takes it along.
            with contextlib.suppress(urllib.error.HTTPError):
                self._request(f"api/sessions/{session['id']}", "DELETE")

    def share_kernel(self, name: str, other: str) -> None:
        """Have another notebook run its cells in the kernel of one that is open."""
        (session,) = (one for one in self.get("api/sessions") if one["path"].endswith(name))
        body = {"path": other, "name": other, "type": "notebook", "kernel": session["kernel"]}
        self._request("api/sessions", "POST", body)

    def _request(self, path: str, method: str, body: object = None) -> object:
        request = urllib.request.Request(
            f"{self.url}/{path}",
            headers={"Authorization": f"token {TOKEN}"},
            method=method,
            data=None if body is None else json.dumps(body).encode(),
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            content = answer.read()
            return json.loads(content) if content else None

    def _wait(self) -> None:
        """Wait until it answers."""

        def answers() -> bool:
            if self.process.poll() is not None:
                log = (self.folder.parent / "server.log").read_text(errors="replace")
                raise RuntimeError(f"JupyterLab did not start:\n{log[-4000:]}")
            try:
                self.get("api/status")
            except (urllib.error.URLError, OSError):
                return False
            return True

        wait_until(answers, limit_s=START_LIMIT_S)


def _use_checkout(folder: Path) -> None:
    """Have a server use this checkout's interface, whatever is installed."""
    labextensions = folder / "share" / "labextensions"
    labextensions.mkdir(parents=True)
    (labextensions / PLUGINS).symlink_to(CHECKOUT / "inginious_nb" / "labextension")
    enabled = folder / "config" / "jupyter_server_config.d"
    enabled.mkdir(parents=True)
    shutil.copy(CHECKOUT / "jupyter-config" / "inginious_nb.json", enabled)


def wait_until(condition: Callable[[], bool], *, limit_s: float) -> None:
    """Ask for a condition of another process, ten times a second, until it holds."""
    pause = threading.Event()
    deadline = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"It was not so within {limit_s} s.")
        pause.wait(0.1)
