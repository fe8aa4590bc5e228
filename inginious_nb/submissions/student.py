"""The person whose submissions they are."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Student:
    """A person who submits, as a task reads it from the input data.

    Attributes:
        username: ``@username``, and the owner of the submissions in the history.
        email: ``@email``, may be empty.
    """

    username: str
    email: str = ""
