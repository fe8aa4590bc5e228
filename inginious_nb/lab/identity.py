"""The person at a page of a Jupyter server, where several people use one server.

A server has an owner, whose name its kernels submit under. Other people come to it by real-time
collaboration, or because JupyterHub shares it; each submits in their own name.
"""

from __future__ import annotations

import os
import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_server.auth.identity import User
    from jupyter_server.serverapp import ServerApp

_COLLABORATION = "jupyter_server_ydoc"
_RANDOM = re.compile("[0-9a-f]{32}")


def other_person(user: User | None, owner: str, app: ServerApp | None) -> str:
    """Return the username of a person who is not the owner of the server; empty for the owner.

    A name that Jupyter made up for a browser is no person: it is another one on the next machine.

    Args:
        user: As the identity provider of the server knows who is there.
        owner: The username of the server's owner.
        app: The server.
    """
    name = "" if user is None else _in_one_form(user.username)
    hub_user = _in_one_form(os.environ.get("JUPYTERHUB_USER", ""))
    if hub_user:  # who says itself whose server it is, and makes up no names
        return "" if name == hub_user else name
    if not name or _RANDOM.fullmatch(name) or name == owner:
        return ""
    return name if app is not None and _is_collaborative(app) else ""


def _in_one_form(name: str) -> str:
    # As that of the owner is. `lab` knows `frontend` alone, so that `i18n` has the same once more.
    return unicodedata.normalize("NFC", name)


def _is_collaborative(app: ServerApp) -> bool:
    extension = app.extension_manager.extensions.get(_COLLABORATION)
    return extension is not None and bool(extension.enabled)
