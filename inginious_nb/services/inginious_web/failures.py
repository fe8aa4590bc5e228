"""How a conversation with a site fails; each text is for a person."""

from __future__ import annotations

from inginious_nb.errors import BackendError


class SiteError(BackendError):
    """The site refuses, or says what nobody expects; to repeat the request would not help."""


class SignInError(SiteError):
    """A person has to sign in, or to do so in another way."""


class SignedOutError(SiteError):
    """The site answered with its sign-in page: the request did nothing, the session is over."""


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
