"""A real IPython kernel, driven as a front end or as nbconvert drives it."""

from __future__ import annotations

import contextlib
import os
import uuid
from dataclasses import dataclass, field

from jupyter_client.manager import KernelManager

TIMEOUT_S = 60


@dataclass
class Outputs:
    """What one cell gave.

    Attributes:
        status: ok or error.
        text: All text in order: streams, text/plain of displays and results, error sentences.
        html: All text/html.
        bundles: Every display and result as it came.
        error: The lines of the traceback.
    """

    status: str = ""
    text: str = ""
    html: str = ""
    bundles: list[dict] = field(default_factory=list)
    error: list[str] = field(default_factory=list)

    @property
    def widgets(self) -> list[str]:
        """The models of the widgets that were displayed."""
        kind = "application/vnd.jupyter.widget-view+json"
        return [bundle[kind]["model_id"] for bundle in self.bundles if kind in bundle]

    def take(self, kind, content) -> None:
        """Add what one message of the kernel says."""
        if kind == "stream":
            self.text += content["text"]
        elif kind in ("display_data", "execute_result"):
            self.bundles.append(content["data"])
            self.text += content["data"].get("text/plain", "") + "\n"
            self.html += content["data"].get("text/html", "")
        elif kind == "error":
            self.error = content["traceback"]
            self.text += "\n".join(content["traceback"]) + "\n"


class Kernel:
    """A kernel in a process of its own."""

    def __init__(self, cwd, env) -> None:
        self.cwd = cwd
        self._manager = KernelManager(kernel_name="python3")
        self._manager.start_kernel(cwd=str(cwd), env=os.environ | {"LANGUAGE": "en"} | env)
        self._client = self._manager.blocking_client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=TIMEOUT_S)

    def run(self, code, *, front_end=False, console=False, cell_id=None, page=None) -> Outputs:
        """Run a cell, as a notebook does (front_end), as a console or as nbconvert does.

        A `page` is another client than the one without a name.
        """
        if front_end and not cell_id:
            cell_id = uuid.uuid4().hex
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": front_end or console,
            "stop_on_error": True,
        }
        message = self._client.session.msg(
            "execute_request", content, metadata={"cellId": cell_id} if cell_id else {}
        )
        if page:
            message["header"]["session"] = page
        self._client.shell_channel.send(message)
        self._client.allow_stdin = front_end or console
        return self._outputs(message["header"]["msg_id"])

    def _outputs(self, identity) -> Outputs:
        """Wait for the end of a cell by the id of its request; return all that came of it."""
        outputs = Outputs()
        while True:
            reply = self._client.get_iopub_msg(timeout=TIMEOUT_S)
            if reply["parent_header"].get("msg_id") != identity:
                continue
            if reply["msg_type"] == "status" and reply["content"]["execution_state"] == "idle":
                break
            outputs.take(reply["msg_type"], reply["content"])
        # A kernel that was slow to start still answers the question whether it is ready.
        reply = self._client.get_shell_msg(timeout=TIMEOUT_S)
        while reply["parent_header"].get("msg_id") != identity:
            reply = self._client.get_shell_msg(timeout=TIMEOUT_S)
        outputs.status = reply["content"]["status"]
        return outputs

    def kill(self) -> None:
        """End the kernel as a crash does."""
        self._manager.shutdown_kernel(now=True)

    def close(self) -> None:
        """End the kernel."""
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)


@contextlib.contextmanager
def running_kernel(cwd, **env):
    """A kernel that ends with the block."""
    kernel = Kernel(cwd, {name: str(value) for name, value in env.items()})
    try:
        yield kernel
    finally:
        kernel.close()
