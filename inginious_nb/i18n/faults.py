"""Crashes by whose fault they are: a student must know whether to change the answer.

Whoever makes a result ``crash`` takes its wording from here: grader, client and sites.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import Message

if TYPE_CHECKING:
    from collections.abc import Callable


def cause(text: str) -> str:
    """Return the text of a crash without whose fault it is, for the person whose fault it is."""
    found = text.parameters.get("text") if isinstance(text, Message) else None
    return found if isinstance(found, str) else text


def of_task(text: str) -> Message:
    """Return the text of a crash that the author of the task has to prevent."""
    return Message(
        "{text} This is the fault of the task, not of your answer: tell its author.", text=text
    )


def of_machine(text: str) -> Message:
    """Return the text of a crash that whoever runs the grader has to prevent."""
    return Message(
        "{text} This is the fault of the grader's machine, not of your answer: tell who runs it.",
        text=text,
    )


def of_either(text: str) -> Message:
    """Return the text of a crash that the task or this answer may have caused."""
    return Message(
        "{text} Either the task does not expect such an answer, or the answer ended the grading "
        "(such as by exit): if it should not, tell the author of the task.",
        text=text,
    )


def of_nobody(text: str) -> Message:
    """Return the text of a crash after which the same answer can be submitted again."""
    return Message("{text} Neither your answer nor the task is at fault.", text=text)


def of_answer(text: str) -> Message:
    """Return the text of a crash that only another answer prevents."""
    return Message("{text} This is the fault of your answer: change it.", text=text)


def of_service(text: str) -> Message:
    """Return the text of a crash of a task that the grading service is not made for."""
    return Message(
        "{text} This is the fault of the task or of the grading service, not of your answer: tell "
        "your instructor.",
        text=text,
    )


def of_site(text: str) -> Message:
    """Return the text of a crash that whoever runs an INGInious site has to prevent."""
    return Message(
        "{text} This is the fault of the site, not of your answer: tell who runs it.", text=text
    )


def of_settings(text: str) -> Message:
    """Return the text of a crash that the settings of a student's computer prevent."""
    return Message(
        "{text} This is the fault of this computer or of its network, not of your answer.",
        text=text,
    )


def of_refusal(text: str) -> Message:
    """Return the text of a crash of a submission that a site did not take, and says why."""
    return Message(
        "{text} This is why nothing was graded; the site has not judged your answer.", text=text
    )


def of_contents(text: str) -> Message:
    """Return the text of a crash of a job that cannot be sent as it is."""
    return Message(
        "{text} The task or your answer holds what no grader could read: tell the author of the "
        "task, or change the answer.",
        text=text,
    )


_KINDS = (
    of_task,
    of_machine,
    of_either,
    of_nobody,
    of_answer,
    of_service,
    of_site,
    of_settings,
    of_refusal,
    of_contents,
)
_TOLD = tuple(of("").strip() for of in _KINDS)


def told(text: str, otherwise: Callable[[str], str] = of_machine) -> str:
    """Return the text of a crash that says whose fault it is.

    Args:
        text: The text, which may say so already; empty if nothing is said at all.
        otherwise: Adds it where it does not.
    """
    if not text or any(ending in text for ending in _TOLD):
        return text
    return otherwise(text)
