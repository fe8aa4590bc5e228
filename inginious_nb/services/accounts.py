"""Signing in and out where people do: at the sites among the services of one session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from inginious_nb.errors import UsageError
from inginious_nb.i18n import Message

from .service import ServiceWithAccounts

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from concurrent.futures import Future

    from inginious_nb.course import Task

    from .last_site import LastSite
    from .registry import Services
    from .service import Service

    Ask = Callable[[str, str], tuple[str, str]]
    """Asks a person who signs in: gets address and proposed name, returns name and secret."""


class SignIn(TypedDict, total=False):
    """The way to sign in at a site.

    Attributes:
        username: Who signs in; "" for whoever can be found.
        cookie: Whether a session cookie is asked for instead of a password.
        keep: Whether the password is kept in the system's keyring.
        always: Whether to ask even where what is known would do.
    """

    username: str
    cookie: bool
    keep: bool
    always: bool


class Accounts:
    """The accounts of the person of a session, at the site that is used and at that used last.

    Args:
        services: The services; one of them is signed in at.
        last_site: The file that tells where somebody signed in last.
        changed: Called after somebody signed in or out.
        run: Runs a coroutine on the session's loop, for who waits for its result.
        proposed: Returns the name to propose to a person who was nowhere yet.

    Attributes:
        last_site: As given.
    """

    def __init__(
        self,
        services: Services,
        last_site: LastSite,
        *,
        changed: Callable[[], object],
        run: Callable[[Coroutine[Any, Any, Any]], Future[Any]],
        proposed: Callable[[], str],
    ) -> None:
        self._services = services
        self.last_site = last_site
        self._changed = changed
        self._run = run
        self._proposed = proposed

    def connect(self, address: str | None, ask: Ask | None, **way: Unpack[SignIn]) -> None:
        """Make a service the current one, and sign in there or start it; see `Session.connect`."""
        last = self.last_site.account
        if address is None and last is not None and not self._services.current.knows_who:
            address = last.site
        if address is not None:
            self._services.choose(address)
        knows_who = ask is not None and self._services.current.knows_who
        if knows_who or address is None or any(way.values()):
            self.sign_in(ask, **way)
        else:
            self._services.warm_up()
        self._services.leave_idle()
        self._changed()

    def sign_in(self, ask: Ask | None, **way: Unpack[SignIn]) -> None:
        """Sign in at the current one; blocks until that is done, or a site does not answer.

        Args:
            ask: Called with the address and the name to propose, returns the name and the
                password, or a session cookie; only where what is known is not enough.
            way: As `SignIn` has it.

        Raises:
            UsageError: Nobody signs in there, or nothing can be kept.
            BackendError: The site is none, or refuses the person.
            ServiceError: The session has ended.
        """
        self._sign_in_at(self._with_accounts(), ask, **way)

    def sign_in_for(self, task: Task, ask: Ask, **way: Unpack[SignIn]) -> None:
        """Sign in where a task is graded.

        Raises:
            As `sign_in` does.
        """
        service = self._services.grading(task)
        if not isinstance(service, ServiceWithAccounts):
            raise _nobody_signs_in(service)
        self._sign_in_at(service, ask, **way)
        self._changed()

    def _sign_in_at(
        self, service: ServiceWithAccounts, ask: Ask | None, **way: Unpack[SignIn]
    ) -> None:
        username = way.get("username", "")
        cookie, keep = way.get("cookie", False), way.get("keep", False)
        if keep:
            service.check_keeping(cookie=cookie)
        name, secret = username, None
        if ask is not None and (way.get("always") or cookie or service.asks_who(username)):
            name, secret = ask(service.address, username or self._name_for(service))
        self._run(service.sign_in(name, secret, cookie=cookie, keep=keep)).result()
        self.last_site.remember(service.account)

    def sign_in_beside(self, ask: Ask, **way: Unpack[SignIn]) -> None:
        """Sign in at the current one or, where nobody signs in there, at the last site.

        Then the courses of that site are there, too; what is of a folder is graded as before.

        Raises:
            As `sign_in` does.
        """
        last = self.last_site.account
        if last is not None and not self._services.current.knows_who:
            self._services.use_beside(last.site)
        self.sign_in(ask, **way)
        self._changed()

    @property
    def offer_of_site(self) -> Message | None:
        """Return how to use the site that somebody signed in at last, None where one is used."""
        last = self.last_site.account
        if last is None or self._services.with_accounts is not None:
            return None
        return Message(
            "You signed in at {site} before: %inginious connect has its courses here.",
            site=last.site,
        )

    def name_to_propose(self, task: Task) -> str:
        """Return the name to propose to a person who signs in where a task is graded."""
        service = self._services.of(task)
        return service.username or self._name_for(service)

    def _name_for(self, service: Service) -> str:
        last = self.last_site.account
        return last.name if last is not None and last.site == service.address else self._proposed()

    def sign_out(self) -> None:
        """Sign out at the current one.

        Raises:
            UsageError: Nobody signs in there, or the keyring does not let go of a password.
            ServiceError: The session has ended.
        """
        self._run(self._with_accounts().sign_out()).result()
        self._changed()

    @property
    def username(self) -> str:
        """Return who signed in where people sign in now, empty if nobody has."""
        service = self._services.with_accounts
        return "" if service is None else service.username

    @property
    def asks_who(self) -> bool:
        """Return whether only a person can tell who signs in at the current one.

        Raises:
            ServiceError: The session has ended.
        """
        service = self._services.current
        return isinstance(service, ServiceWithAccounts) and service.asks_who()

    def _with_accounts(self) -> ServiceWithAccounts:
        service, current = self._services.with_accounts, self._services.current
        if service is None:
            raise _nobody_signs_in(current)
        return service


def _nobody_signs_in(service: Service) -> UsageError:
    return UsageError(
        Message(
            "There are no accounts where answers are graded now ({address}); connect to a site "
            "first: %inginious connect https://SITE.",
            address=service.address,
        )
    )
