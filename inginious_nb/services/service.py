"""The interface of a grading service, and what people are told of one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from inginious_nb.errors import BackendError
from inginious_nb.i18n import Message
from inginious_nb.io.io_thread import in_thread
from inginious_nb.io.observers import Observers

from .account import Account

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from inginious_nb.client.client import AbstractClient
    from inginious_nb.client.connection_state import ConnectionState
    from inginious_nb.client.job import Job
    from inginious_nb.client.results import JobResult
    from inginious_nb.course import Task
    from inginious_nb.course.library import CourseSource
    from inginious_nb.errors import InginiousError

State = Literal[
    "idle", "starting", "connecting", "connected", "silent", "signed_out", "failed", "closed"
]
"""signed_out: a person has to sign in, and what is submitted waits for that."""
Kind = Literal["embedded", "remote"]
Debug = bool | Literal["ssh"]
"""False, True (return stdout and stderr), or "ssh" (a shell instead of a grade)."""


class ServiceState(Struct, frozen=True):
    """The state of a grading service, as far as it can be told.

    Attributes:
        kind: Whether it is the embedded one.
        address: A label for a person, without secrets.
        state: Where the connection stands.
        silent_s: Seconds since its last message, if it is silent.
        message: The state in plain words, with what to do where something can be done.
        short_message: The same without the address.
        sandbox: How the embedded service isolates scripts, None where that is not ours to say.
    """

    kind: Kind
    address: str
    state: State
    silent_s: float
    message: str
    short_message: str
    sandbox: Mapping[str, Any] | None = None


class Recalled(Struct, frozen=True):
    """An earlier submission as a service has it.

    Attributes:
        inputdata: The answers by problem id, and reserved ``@`` keys.
        result: The result.
        job_id: Under which id it was sent from here, empty if it was not.
    """

    inputdata: dict[str, object]
    result: JobResult
    job_id: str = ""


class Service(ABC):
    """A place where submissions are graded.

    It starts with the first use. All coroutines run on the session's loop; `state`, `check` and
    `subscribe` may be called from any thread.

    Attributes:
        address: A label for a person, without secrets; also what `Services.choose` finds it by.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._observers = Observers()

    def subscribe(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Call callback when the state changed, on any thread; returns how to end that."""
        return self._observers.subscribe(callback)

    @property
    @abstractmethod
    def state(self) -> ServiceState:
        """Return where the connection stands now."""

    @property
    def courses(self) -> CourseSource | None:
        """Return the courses that it has itself, None if it grades those of folders alone."""
        return None

    @property
    def knows_who(self) -> bool:
        """Return whether people sign in, and all submissions are those of whoever does."""
        return False

    @property
    def username(self) -> str:
        """Return the name of who signed in, empty if nobody has or it is not known yet."""
        return ""

    @property
    def account(self) -> Account | None:
        """Return the account that submits there now, None where nobody signs in."""
        return None

    @abstractmethod
    def check(self, debug: Debug) -> None:
        """Refuse what this service certainly cannot do, before anything is kept or sent.

        Raises:
            UsageError: It cannot do it; the text says what would help.
        """

    @abstractmethod
    async def client(self) -> AbstractClient:
        """Return the client of the service, which is started if it is not yet.

        Raises:
            ServiceError: It cannot be started.
        """

    @abstractmethod
    async def open_job(
        self,
        task: Task,
        inputdata: Mapping[str, object],
        *,
        job_id: str,
        launcher_name: str,
        debug: Debug,
        repeats: Sequence[str] = (),
    ) -> Job:
        """Send a job and return it: an iterator over its events, the last of which is its end.

        Args:
            task: The task.
            inputdata: The answers by problem id, and the reserved ``@`` keys.
            job_id: The id; one that the service knows already is not graded twice.
            launcher_name: The person who submits; where people sign in, the name there, empty for
                whoever is signed in.
            debug: As the alias says.
            repeats: Ids of the same submission under which it may have arrived before.

        Raises:
            InginiousError: The service cannot be started.
        """

    async def recall(
        self,
        task: Task,  # noqa: ARG002 - a site needs it, here and below
        remote_id: str,  # noqa: ARG002
    ) -> Recalled:
        """Return the answers and the result of an earlier submission that it has kept.

        Args:
            task: The task.
            remote_id: The id that the service gave the submission.

        Raises:
            BackendError: It has kept none, or does not answer.
        """
        raise BackendError(
            Message("The grading service keeps no submissions; only the history here does.")
        )

    @abstractmethod
    async def add_course_path(self, path: Path) -> None:
        """Let the service grade the courses below a path too, if it reads courses of ours."""

    @abstractmethod
    async def disconnect(self) -> None:
        """End the connection; pending jobs get their last answer. Then call `stop`."""

    @abstractmethod
    def stop(self) -> None:
        """End what the service runs on this machine. Blocks; not for the loop.

        A coroutine could not: at the end of the interpreter a loop has no threads left to lend.
        """

    async def leave(self) -> None:
        """Disconnect and stop, on a loop that goes on."""
        await self.disconnect()
        await in_thread(self.stop)


class ServiceWithAccounts(Service):
    """A service where people sign in."""

    @property
    def account(self) -> Account:
        """Return the account that submits there now."""
        return Account(self.address, self.username)

    @property
    def knows_who(self) -> bool:
        """Return that it decides whose submissions they are."""
        return True

    @property
    @abstractmethod
    def refusal(self) -> str:
        """Return why whoever tried last is not signed in; empty if they are, or may be soon."""

    @property
    @abstractmethod
    def username(self) -> str:
        """Return the name of who signed in last, empty if nobody has or it is not known yet."""

    @abstractmethod
    def state_of(self, username: str) -> ServiceState:
        """Return where the conversation of a user stands; "" is whoever signed in last."""

    @abstractmethod
    def asks_who(self, username: str = "") -> bool:
        """Return whether only a person can tell how that user signs in; "" is any user."""

    @abstractmethod
    def check_keeping(self, *, cookie: bool) -> None:
        """See that what a person is asked for could be kept in the system's keyring.

        Raises:
            UsageError: It could not.
        """

    @abstractmethod
    async def sign_in(
        self, username: str = "", secret: str | None = None, *, cookie: bool = False, keep: bool
    ) -> None:
        """Sign in as a user.

        Args:
            username: The name there; "" for whoever is signed in or can be found.
            secret: The password, or a pasted session cookie; None for what can be found.
            cookie: Whether it is a cookie.
            keep: Whether the password goes into the system's keyring.

        Raises:
            BackendError: It refuses the person.
        """

    @abstractmethod
    async def sign_out(self) -> None:
        """Forget who is signed in."""


def connected_state(
    kind: Kind,
    address: str,
    name: str,
    *,
    connection: ConnectionState | None,
    starting: bool,
    failure: InginiousError | None,
    closed: bool,
    sandbox: Mapping[str, Any] | None = None,
) -> ServiceState:
    """Return the state of a service that is reached by a client.

    Args:
        kind: Whether it is the embedded one.
        address: A label for a person, without secrets.
        name: What the service is called at the beginning of a sentence.
        connection: The connection of its client, None until there is one.
        starting: Whether the client is being made.
        failure: Why there is none.
        closed: Whether the service was left.
        sandbox: How the embedded service isolates scripts.
    """
    state: State
    if closed:
        state = "closed"
    elif failure is not None:
        state = "failed"
    elif connection is not None:
        state = connection.state
    else:
        state = "starting" if starting else "idle"
    silent_s = connection.silent_s if connection is not None else 0.0

    def told(called: str) -> str:
        reason = None if failure is None else failure.text
        return describe(state, called, silent_s=silent_s, failure=reason, remote=kind == "remote")

    return ServiceState(
        kind=kind,
        address=address,
        state=state,
        silent_s=silent_s,
        message=told(name),
        short_message=told(Message("The grading service")),
        sandbox=sandbox,
    )


def describe(
    state: State, name: str, *, silent_s: float = 0.0, failure: str | None = None, remote: bool
) -> str:
    """Return a state in plain words, with what to do where something can be done.

    Args:
        state: The state.
        name: What the service is called at the beginning of a sentence.
        silent_s: Seconds since its last message.
        failure: Why it failed, if it did.
        remote: Whether it may be that nobody is at its address.
    """
    if state == "failed" and failure is not None:
        return failure
    if state == "silent" and silent_s < 1:  # published once, so a 0 would stay
        return Message(
            "{service} does not answer now. Your job may still be running; nothing is lost, and "
            "the result is shown when it comes.",
            service=name,
        )
    if state == "silent":
        return Message(
            "{service} has not answered for {silent_s:.0f} s. Your job may still be running; "
            "nothing is lost, and the result is shown when it comes.",
            service=name,
            silent_s=silent_s,
        )
    if state == "connecting" and remote:
        return Message(
            "{service} does not answer yet. Check the address: if it is right, what you submit is "
            "kept and sent as soon as there is an answer; else %inginious connect ADDRESS takes "
            "another one, and %inginious connect embedded grades on this machine.",
            service=name,
        )
    messages = {
        "idle": Message("{service} starts with the first submission.", service=name),
        "connected": Message("{service} is ready.", service=name),
        "closed": Message("{service} has been left.", service=name),
    }
    return messages.get(state) or Message("{service} is starting.", service=name)
