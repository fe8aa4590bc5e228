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

    def later(self, wait_s: float) -> PassingError:
        """Return the same failure for a request that is not sent before so many seconds."""
        return PassingError(self.text, retry_after_s=wait_s)


class InBetweenError(PassingError):
    """Something has answered in the place of the site, such as a portal or a proxy.

    Attributes:
        what: What answered, in the middle of a sentence, without the address of the site.
    """

    fault = staticmethod(faults.of_nobody)

    def __init__(self, text: str = "", what: str = "", *, retry_after_s: float = 0.0) -> None:
        super().__init__(text, retry_after_s=retry_after_s)
        self.what = what

    def later(self, wait_s: float) -> InBetweenError:
        """Return the same failure; see `PassingError.later`."""
        return InBetweenError(self.text, self.what, retry_after_s=wait_s)


class BrokenAnswerError(SiteError):
    """The site answered 500: it has a fault, or does not know the submission any more."""
