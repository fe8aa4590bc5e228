"""The person at a session, and the student whose submissions are made there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inginious_nb.errors import UsageError
from inginious_nb.i18n import Message, in_one_form

from .student import Student

if TYPE_CHECKING:
    from collections.abc import Callable


class People:
    """The people of one session.

    Args:
        person: Who is at the session.
        is_guest: Whether that person comes to another one's server.
        changed: Called when somebody else submits from now on.

    Attributes:
        person: Who is at the session.
        student: Who submits where nobody else is named: that person, or who was put in their place.
    """

    def __init__(self, person: Student, *, is_guest: bool, changed: Callable[[], object]) -> None:
        self.person = self.student = person
        self._is_guest = is_guest
        self._changed = changed

    def submit_as(self, username: str) -> None:
        """Put another student in the place of the person here, until told otherwise.

        Args:
            username: The student, empty for the person at this session.

        Raises:
            UsageError: It cannot be a username, or the person is a guest.
        """
        self.refuse_guest()
        is_other = in_one_form(username.strip()) not in ("", self.person.username)
        self.student = Student.checked(username) if is_other else self.person
        self._changed()

    def refuse_guest(self) -> None:
        """Leave to the owner what changes courses, or speaks for others.

        Raises:
            UsageError: The person here is a guest of somebody's server.
        """
        if self._is_guest:
            raise UsageError(
                Message(
                    "Only the owner of this server may do that; you are {name} here.",
                    name=self.person.username,
                )
            )
