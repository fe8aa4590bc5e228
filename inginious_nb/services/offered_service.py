"""The embedded service of a Jupyter server, offered to the kernels that it started.

A kernel asks here to use it (`shared_service.py`), names its courses, and then submits to the
service itself. Who may ask is known by the keys in a private file (`offer.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from typing import TYPE_CHECKING, Any

import zmq

from inginious_nb.course import CourseLibrary, probing
from inginious_nb.errors import CourseError, InginiousError, ServiceError
from inginious_nb.grader.curve import new_keys
from inginious_nb.grader.service import new_private_folder
from inginious_nb.grader.temporary_folders import remove_tree
from inginious_nb.i18n import Message, kept
from inginious_nb.io.message_socket import MessageSocket

from .offer import Offer, terms, write_offer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from inginious_nb.settings import Inginious

    from .embedded import EmbeddedService

_log = logging.getLogger(__name__)

_LINGER_MS = 200

MAX_REQUEST_BYTES = 256 * 1024


class OfferedService:
    """The socket at which kernels ask for the embedded service of this process.

    Args:
        settings: What a kernel must have, too.
        service: The service.
        library: The courses of this process.
        add_courses: Opens the courses below a path, in this process and in the service.
    """

    def __init__(
        self,
        settings: Inginious,
        service: EmbeddedService,
        library: CourseLibrary,
        add_courses: Callable[[Path], object],
    ) -> None:
        self._settings = settings
        self._service = service
        self._library = library
        self._add_courses = add_courses
        self._answers: set[asyncio.Task[None]] = set()
        self._users: set[bytes] = set()
        self._adding = asyncio.Lock()
        self._close = contextlib.ExitStack()

    async def open(self) -> None:
        """Listen, and tell the kernels; nothing happens where there is no place for either."""
        curve, server_keys = new_keys()
        folder, self._folder_lock = await asyncio.to_thread(new_private_folder)
        with contextlib.ExitStack() as stack:
            stack.callback(self._folder_lock.release)
            stack.callback(remove_tree, folder)
            context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
            stack.callback(context.destroy, linger=_LINGER_MS)
            authenticator = server_keys.start_authenticator(context)
            stack.callback(authenticator.stop)
            socket = context.socket(zmq.ROUTER)
            server_keys.apply_to(socket)
            socket.setsockopt(zmq.MAXMSGSIZE, MAX_REQUEST_BYTES)
            address = f"ipc://{folder / 'offer'}"
            try:
                socket.bind(address)
            except zmq.ZMQError as error:
                raise ServiceError(str(error)) from error
            self._socket = MessageSocket(socket, self._receive)
            stack.callback(self._socket.close, _LINGER_MS)
            offer = Offer(address, curve.as_texts(), terms(self._settings))
            path = await asyncio.to_thread(write_offer, offer)
            if path is not None:
                stack.callback(path.unlink, missing_ok=True)
                self._close = stack.pop_all()

    def close(self) -> None:
        """Withdraw the offer; kernels then have a service of their own. May be repeated."""
        for user in self._users:
            self._socket.send([user, b'{"withdrawn": true}'])
        self._users.clear()
        for answer in self._answers:
            answer.cancel()
        self._close.close()

    def _receive(self, frames: list[bytes]) -> None:
        sender, *_, request = frames
        answer = asyncio.create_task(self._serve(sender, request))
        self._answers.add(answer)
        answer.add_done_callback(self._answers.discard)

    async def _serve(self, sender: bytes, frame: bytes) -> None:
        try:
            request = json.loads(frame)
            answer = await self._answer(request)
            self._users.add(sender)
        except InginiousError as error:
            answer = {"error": kept(error.text)}
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            _log.warning("A kernel sent what cannot be read: %s", error)
            return
        content = json.dumps({"id": request.get("id"), **answer}).encode()
        with contextlib.suppress(zmq.ZMQError):  # withdrawn meanwhile
            self._socket.send([sender, content])

    async def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        match request["kind"]:
            case "alive":
                return {"alive": self._service.is_running}
            case "use":
                await self._know([str(path) for path in request["paths"]])
                process = await self._service.process()
                return {
                    "address": process.address,
                    "curve": process.curve and process.curve.as_texts(),
                    "sandbox": process.sandbox,
                }
            case "know":
                await self._know([str(path) for path in request["paths"]])
                return {}
            case "refusal":
                course, task, kind, name = (str(part) for part in request["of"])
                process = await self._service.process()
                refusal = await asyncio.to_thread(process.refusal, course, task, (kind, name))
                return {"refusal": kept(refusal)}
        raise ServiceError(Message("This service does not know what is asked of it."))

    async def _know(self, paths: list[str]) -> None:
        """Grade the courses below these paths, too.

        Raises:
            CourseError: Another course of that name is graded already.
        """
        async with self._adding:
            for folder in await asyncio.to_thread(self._unknown, paths):
                await asyncio.to_thread(self._add_courses, folder)
                await self._service.add_course_path(folder)

    def _unknown(self, paths: list[str]) -> list[Path]:
        unknown = []
        for course in CourseLibrary(paths, optional=True).courses.values():
            known = self._library.courses.get(course.id)
            if known is None:
                unknown.append(course.path)
            elif probing.real(known.path) != probing.real(course.path):
                raise CourseError(
                    Message(
                        "{folder} has the same name as {other}, which is already open; rename one "
                        "of the folders.",
                        folder=course.path,
                        other=known.path,
                    ),
                    path=course.path,
                )
        return unknown
