"""The surroundings of grading a class: the file that keeps it, the sandbox, how much at a time."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from inginious_nb.course.folders import expanded
from inginious_nb.errors import UsageError
from inginious_nb.i18n import Message, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from inginious_nb.session import Session
    from inginious_nb.submissions.history import History

_UNDER_WAY_PER_SLOT = 2
"""So many submissions a slot are under way, that none idles between two."""


def history_of(paths: Iterable[Path], own: str) -> Path | None:
    """Return the file that keeps what was graded of a class; None where nothing can be kept.

    Args:
        paths: The folders and notebooks of the class.
        own: The history of whoever grades, as the settings have it: the file is near it.
    """
    if not own:
        return None
    name = "\n".join(sorted(str(path.resolve()) for path in paths))
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return expanded(Path(own)).parent / "classes" / f"{digest}.sqlite"


def not_kept(history: History) -> Message | None:
    """Return what whoever grades should know of the file that keeps it; None if all is well."""
    if history.path is None:
        return Message(
            "No file keeps what is graded here, since there is no history: name one with "
            "INGINIOUS_HISTORY. Save the grades before you leave."
        )
    if history.unusable is None:
        return history.warning
    return Message(
        "What is graded cannot be kept in {path} ({reason}). Whatever was not kept is lost when "
        "this program ends: save the grades now. Make room or let it be written; what is still in "
        "memory is then written by itself.",
        path=visible(str(history.path)),
        reason=history.unusable,
    )


def default_jobs() -> int:
    """Return how many jobs are graded at a time where nobody says it."""
    return os.cpu_count() or 1


def under_way(jobs: int) -> int:
    """Return how many submissions are under way at most, for so many jobs at a time."""
    return jobs * _UNDER_WAY_PER_SLOT


def checked_sandbox(session: Session, *, allowed: bool) -> Message:
    """Return what isolates the scripts, in words; starts the service.

    Args:
        session: The session whose service grades.
        allowed: Grade without isolation, too.

    Raises:
        UsageError: Nothing isolates them, and that was not allowed.
        ServiceError: The service cannot be started.
    """
    if session.service.kind != "embedded":
        return _in_words(None)
    session.services.client()  # the service says what it uses once it runs
    sandbox = session.service.sandbox
    if not allowed and (sandbox is None or sandbox["kind"] == "plain"):
        raise UsageError(
            Message(
                "This machine cannot isolate what other people's notebooks do; install bubblewrap, "
                "connect to a grading service, or say --no-isolation if you trust them all."
            )
        )
    return _in_words(sandbox)


def _in_words(sandbox: Mapping[str, object] | None) -> Message:
    """Return what isolates the scripts of tasks; None where another machine decides."""
    if sandbox is None:
        return Message("Graded by the agents of the connected service.")
    if sandbox["kind"] == "plain":
        return Message("Graded on this machine without isolation.")
    return Message("Graded on this machine, in the sandbox {kind}.", kind=sandbox["kind"])
