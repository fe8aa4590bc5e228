"""The session of one run of the command line, and the options that choose its service."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import click

from inginious_nb.i18n import Message, reader_language
from inginious_nb.session import Session
from inginious_nb.settings import load_settings

from .output import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

SERVICE_OPTIONS = (
    click.Option(
        ["--courses"],
        multiple=True,
        type=click.Path(exists=True, file_okay=False),
        help="A course folder, or a folder of course folders; may be repeated.",
    ),
    click.Option(
        ["--backend"],
        help="Client address of an INGInious backend, or address of a site (default: embedded).",
    ),
)


@contextmanager
def opened_session(
    backend: str | None = None,
    courses: Sequence[str] = (),
    directory: Path | None = None,
    *,
    history: Path | None = None,
    slots: int | None = None,
) -> Iterator[Session]:
    """Open a session and close it at the end of the block.

    Args:
        backend: The client address of a backend, or that of a site; None for that of the settings.
        courses: Course folders; none for those of the settings.
        directory: Where courses are looked for otherwise (default: the cwd).
        history: The file of the history; None for that of the settings.
        slots: Jobs of the embedded service at a time; None as the settings have it.
    """
    settings = load_settings()
    if backend is not None:
        settings.backend = backend
    if courses:
        settings.courses = list(courses)
    if history is not None:
        settings.history = str(history)
    if slots is not None:
        settings.slots = slots
    session = Session(settings, directory=directory)
    session.services.wait_longer(partial(say, err=True))
    try:
        if sys.stdin.isatty() and session.accounts.asks_who:
            session.accounts.sign_in(_ask)
        yield session
    finally:
        session.close()


def _ask(site: str, username: str) -> tuple[str, str]:
    """Ask for name and password on stderr; stdout is for results."""
    lang = reader_language()
    who = Message("User name at {site}", site=site).in_language(lang)
    name = click.prompt(who, default=username, err=True)
    secret = click.prompt(Message("Password").in_language(lang), hide_input=True, err=True)
    say(Message("Signing in at {site}; Ctrl-C stops it.", site=site), lang, err=True)
    return name, secret
