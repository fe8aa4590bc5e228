"""The Jupyter Server extension: JupyterLab's own interface reaches a session through the server.

Only what Jupyter Server brings is used here: a handler, its authentication, its life. What a page
gets and may ask is in `inginious_nb.frontend`; a server that nobody uses it on loads none of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp


def _load_jupyter_server_extension(app: ServerApp) -> None:
    """Serve the pages of a Jupyter server."""
    from jupyter_server.utils import url_path_join  # noqa: PLC0415 - not for the kernel

    from .served_version import served_version  # noqa: PLC0415 - likewise
    from .socket import PATH, InginiousSocket  # noqa: PLC0415 - likewise

    options = {
        "config": app.config,
        "root": Path(app.root_dir),
        "version": served_version(),
    }
    address = url_path_join(app.web_app.settings["base_url"], PATH)
    handlers = [(address, InginiousSocket, options)]
    app.web_app.add_handlers(".*$", handlers)  # type: ignore[no-untyped-call]
