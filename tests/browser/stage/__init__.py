"""A host without Jupyter: the built front end in a bare page, fed with states.

For what needs no kernel: every look of the widget, hostile texts, a strict Content-Security-Policy.
"""

from __future__ import annotations

import functools
import threading
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

HERE = Path(__file__).parent
STATIC = HERE.parent.parent.parent / "inginious_nb" / "static"

# What the widget needs, as a careful host would allow it: no inline script, nothing from elsewhere.
# JupyterLab itself needs inline styles, and anywidget puts the style sheet into one.
POLICY = (
    "default-src 'none'; script-src 'self' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src data:; connect-src 'self'; form-action 'none'; base-uri 'none'"
)


class _Handler(SimpleHTTPRequestHandler):
    def translate_path(self, path: str) -> str:
        name = path.partition("?")[0]
        if name.startswith("/static/"):
            return str(STATIC / Path(name).name)
        return str(HERE / (Path(name).name or "index.html"))

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[str]:
    """Serve the stage on the loopback interface; gives its address."""
    handler = functools.partial(_Handler, directory=str(HERE))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class Stage:
    """The stage in a page.

    Attributes:
        problems: Scripts that failed and things the policy refused, as the browser told them.
    """

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.problems: list[str] = []
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on(
            "console",
            lambda message: self.problems.append(message.text) if message.type == "error" else None,
        )
        page.goto(address)

    def show(
        self, *states: dict[str, Any], answers: dict[str, Any] | None = None, views: int = 1
    ) -> None:
        """Show widgets with these states."""
        self.page.evaluate("([s, a, v]) => window.show(s, a, v)", [states, answers or {}, views])

    def change(self, **state: Any) -> None:
        """Change the state of the first widget, as Python would."""
        self.page.evaluate("state => window.change(state)", state)

    def wait_for(self, kind: str) -> None:
        """Wait until the front end has made a request of a kind."""
        self.page.evaluate("kind => window.asked(kind)", kind)

    def sent(self, kind: str) -> list[dict[str, Any]]:
        """The requests of a kind, so far."""
        requests = self.page.evaluate("window.sent")
        return [request for request in requests if request["kind"] == kind]

    def language(self, lang: str) -> None:
        """Have the host speak a language."""
        self.page.evaluate("lang => { document.documentElement.lang = lang }", lang)

    def dark(self, *, on: bool = True) -> None:
        """Switch between the light and the dark theme."""
        self.page.evaluate("on => { document.body.dataset.jpThemeLight = String(!on) }", on)


def unfold(page: Page) -> None:
    """Open everything that is folded, and what is folded in it: its content is made when opened."""
    page.evaluate(
        """async () => {
            const paint = () => new Promise((r) => requestAnimationFrame(() => setTimeout(r)));
            document.querySelector(".inginious-details[aria-expanded=false]")?.click();
            await paint();
            for (;;) {
                const folded = document.querySelectorAll("details:not([open])");
                if (!folded.length) return;
                for (const one of folded) one.open = true;
                await paint();
            }
        }"""
    )


def show(stage: Stage, looks: dict[str, Any], name: str, **changes: Any) -> None:
    """Show a widget with one of its looks, and wait until it has what it asks for by itself."""
    state, answers = looks[name]
    where = {"kind": "embedded", "address": "embedded", "sandbox": "bubblewrap"}
    where |= {"isolated": ["the network"], "open": ["the processor"]}
    shown = state | changes
    stage.show(shown, answers={**answers, "where": where, "draft": {}, "lang": {}})
    # What a command shows is folded: nothing in it depends on what would be sent.
    if shown["role"] != "submission":
        stage.wait_for("preview")
