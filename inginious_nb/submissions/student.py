"""The person whose submissions they are."""

from __future__ import annotations

from msgspec import Struct

from inginious_nb.errors import UsageError
from inginious_nb.i18n import Message, in_one_form

MAX_USERNAME_CHARS = 100


class Student(Struct, frozen=True):
    """A person who submits, as a task reads it from the input data.

    Attributes:
        username: ``@username``, and the owner of the submissions in the history.
        email: ``@email``, may be empty.
    """

    username: str
    email: str = ""

    @classmethod
    def checked(cls, username: str) -> Student:
        """Return the student of a name that a person wrote.

        Raises:
            UsageError: It is empty, too long, or has characters that nobody sees.
        """
        username = in_one_form(username.strip())
        if not username or len(username) > MAX_USERNAME_CHARS or not username.isprintable():
            raise UsageError(
                Message(
                    "A username has 1 to {n} characters, all of them visible.",
                    n=MAX_USERNAME_CHARS,
                )
            )
        return cls(username)
