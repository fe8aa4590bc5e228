"""Whose fault a crash is: a student who reads of one must know whether to change the answer."""

from __future__ import annotations

from inginious_nb.i18n import Message


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
