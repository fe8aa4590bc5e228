"""Failures of a conversation with a site; each text is for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inginious_nb.errors import BackendError
from inginious_nb.i18n import faults

if TYPE_CHECKING:
    from collections.abc import Callable


class SiteError(BackendError):
    """The site refuses, or says what nobody expects; to repeat the request would not help.

    Attributes:
        fault: Adds to the text of a submission that ended with it whose fault that is.
    """

    fault: Callable[[str], str] = staticmethod(faults.of_site)


class RefusedError(SiteError):
    """The site has a reason, which it gives, not to take a submission of this person now."""

    fault = staticmethod(faults.of_refusal)


class TooLargeError(SiteError):
    """The answers are larger than the site takes."""

    fault = staticmethod(faults.of_answer)


class SettingsError(SiteError):
    """This computer, or the network it is in, keeps us from the site."""

    fault = staticmethod(faults.of_settings)


class InBetweenError(SiteError):
    """Something between here and the site has answered in its place, such as a portal."""


class SignInError(SiteError):
    """A person has to sign in, or to do so in another way."""

    fault = staticmethod(faults.of_nobody)


class SignedOutError(SiteError):
    """The site answered with its sign-in page: the request did nothing, the session is over."""

    fault = staticmethod(faults.of_nobody)


class PassingError(SiteError):
    """The site did not answer, or is busy or restarting; it may have done what was asked.

    Attributes:
        retry_after_s: Seconds that the site asks to wait, 0 if it names none.
    """

    def __init__(self, text: str = "", *, retry_after_s: float = 0.0) -> None:
        super().__init__(text)
        self.retry_after_s = retry_after_s


class BrokenAnswerError(SiteError):
    """The site answered 500: it has a fault, or does not know the submission any more."""
