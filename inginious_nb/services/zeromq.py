"""A grading service that speaks INGInious's protocol over ZeroMQ: any INGInious backend."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from inginious_nb.errors import InginiousError, ServiceError, UsageError
from inginious_nb.i18n import Message
from inginious_nb.io.address import is_service_address
from inginious_nb.settings import EMBEDDED

from .service import Kind, Service, ServiceState, connected_state

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import zmq

    from inginious_nb.client.client import Client
    from inginious_nb.client.job import Job
    from inginious_nb.course import Task
    from inginious_nb.io.curve import CurveKeys
    from inginious_nb.settings import Inginious

    from .service import Debug


class ZeroMQService(Service):
    """An INGInious backend, reached by its client address.

    Args:
        settings: The limits.
        address: The backend's client address.
    """

    kind: Kind = "remote"

    def __init__(self, settings: Inginious, address: str) -> None:
        super().__init__(address)
        self._settings = settings
        self._client: Client | None = None
        self._context: zmq.Context[zmq.Socket[bytes]] | None = None
        self._starting: asyncio.Task[Client] | None = None
        self._failure: InginiousError | None = None
        self._closed = False

    @property
    def state(self) -> ServiceState:
        """Return where the connection stands now."""
        return connected_state(
            self.kind,
            self.address,
            self._name,
            connection=self._client.connection if self._client is not None else None,
            starting=self._starting is not None,
            failure=self._failure,
            closed=self._closed,
            sandbox=self._sandbox,
        )

    @property
    def _name(self) -> str:
        return Message("The service at {address}", address=self.address)

    @property
    def _sandbox(self) -> Mapping[str, Any] | None:
        return None

    def check(self, debug: Debug) -> None:
        """Refuse nothing: what a backend cannot do, it says in the result."""

    async def add_course_path(self, path: Path) -> None:
        """Do nothing: a backend has courses of its own."""

    def stop(self) -> None:
        """Do nothing: a backend is not ours to end."""

    async def client(self) -> Client:
        """Return the client connected to the service, which is started if it is not yet.

        Raises:
            ServiceError: It cannot be started, or was left.
        """
        if self._closed:
            raise ServiceError(self.state.message)  # nobody would end what begins now
        if self._starting is None:
            self._failure = None
            self._starting = asyncio.create_task(self._start())
            self._observers.notify()
        try:
            return await asyncio.shield(self._starting)
        except InginiousError as error:
            # The next submission tries again: what was missing may be there then.
            self._starting = None
            self._failure = error
            self._observers.notify()
            raise

    async def open_job(
        self,
        task: Task,
        inputdata: Mapping[str, object],
        *,
        job_id: str,
        launcher_name: str,
        debug: Debug,
        repeats: Sequence[str] = (),  # noqa: ARG002 - nothing there outlives its client
    ) -> Job:
        """Send a job and return it; see `Service.open_job`."""
        refusal = await self._refusal(task, await self.client())
        client = await self.client()  # it may be another one meanwhile
        return client.open_job(
            task,
            inputdata,
            launcher_name=launcher_name,
            debug=debug,
            job_id=job_id,
            refusal=refusal,
        )

    async def _refusal(self, task: Task, client: Client) -> str:  # noqa: ARG002 - for those that know
        """Return why the environment of a task is not offered, empty if it may yet be."""
        return ""

    async def disconnect(self) -> None:
        """End the client; pending jobs get their last answer. Then call `stop`."""
        self._closed = True
        if self._starting is not None:
            self._starting.cancel()
        self._close_client()
        self._observers.notify()

    async def _start(self) -> Client:
        return self._connect(self.address, None)

    def _connect(self, address: str, curve: CurveKeys | None) -> Client:
        # Loaded with the first submission, so that a notebook opens without them.
        import zmq  # noqa: PLC0415

        from inginious_nb.client.client import Client  # noqa: PLC0415
        from inginious_nb.client.options import ClientOptions  # noqa: PLC0415

        settings = self._settings
        self._context = zmq.Context()
        self._client = Client(
            self._context,
            address,
            settings.queue_update_s,
            options=ClientOptions(
                resend_limit=settings.resend_limit,
                # Whether the service was ever there makes no difference to a student.
                first_contact_s=settings.give_up_after_s,
                give_up_s=settings.give_up_after_s,
                environment_wait_s=settings.environment_wait_s,
                curve=curve,
            ),
        )
        self._client.add_connection_listener(lambda _state: self._observers.notify())
        self._client.start()
        return self._client

    def _give_up(self, failure: InginiousError) -> None:
        """End what cannot go on: jobs get their last answer, the next use begins anew."""
        self._failure = failure
        self._leave_client()

    def _leave_client(self) -> None:
        self._starting = None
        self._close_client()
        self._observers.notify()

    def _close_client(self) -> None:
        client, self._client = self._client, None
        context, self._context = self._context, None
        if client is not None:
            client.close()
        if context is not None:
            context.destroy(linger=0)


def checked_address(address: str) -> str:
    """Return a backend's client address as the user wrote it, if it can be one.

    Raises:
        UsageError: It cannot.
    """
    if is_service_address(address):
        return address
    raise UsageError(
        Message(
            "“{address}” is not the address of a grading service; it looks like "
            "tcp://grading.example.org:2001 or https://inginious.example.org, or is the word "
            "“{embedded}”.",
            address=address,
            embedded=EMBEDDED,
        )
    )
