"""Signing in at a site: asked for in a view of a task, and in JupyterLab's own interface."""

from __future__ import annotations

from typing import TypedDict


class AccountInfo(TypedDict):
    """The person signed in at the site that grades; not part of what is saved with a notebook.

    ``username`` is empty where nobody has signed in yet. ``answers`` is whether the site has
    answered the last time that it was asked, ``refusal`` why it did not take the person.
    """

    site: str
    username: str
    signed_in: bool
    answers: bool
    refusal: str


class SignInRequest(TypedDict):
    """Sign in at the site.

    The secret, a password or with ``cookie`` that of a session, is the only buffer: what logs
    messages, as ipykernel does at the level DEBUG, writes their content and not their buffers.
    ``site`` is the one that the page named to the person, empty where it named none: to another one
    the secret does not go.
    """

    site: str
    username: str
    cookie: bool
    keep: bool


class SignInReply(TypedDict):
    """The state of the site then, in words; it may not have answered yet."""

    connected: bool
    message: str
