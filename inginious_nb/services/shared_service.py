"""The embedded service of the Jupyter server, as a kernel of that server uses it.

The kernel asks the server for it (`offered_service.py`) and then has a client of the service like
any other. Where there is none, or another one than the kernel would start, it starts its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
from typing import TYPE_CHECKING, Any, Self

import zmq

from inginious_nb.errors import InginiousError, ServiceError
from inginious_nb.i18n import Message, from_kept
from inginious_nb.io.curve import CurveKeys
from inginious_nb.io.message_socket import MessageSocket

from .offer import read_offer, terms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from inginious_nb.settings import Inginious

    from .offer import Offer

_log = logging.getLogger(__name__)

_CONTACT_TIMEOUT_S = 10.0
_START_TIMEOUT_S = 40.0
"""It may have to be started first, which takes 30 s at most."""

_ANSWER_TIMEOUT_S = 12.0
_ALIVE_TIMEOUT_S = 6.0


class SharedService:
    """A conversation with the server whose service is used.

    Args:
        offer: Where it is asked for, and the keys.

    Attributes:
        address: Where the service takes clients; known once it may be used.
        curve: The keys for that.
        sandbox: How it isolates scripts.
    """

    address: str
    curve: CurveKeys
    sandbox: Mapping[str, Any] | None = None

    def __init__(self, offer: Offer) -> None:
        self._ids = itertools.count()
        self._withdrawn = asyncio.Event()
        self._asked: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        socket = self._context.socket(zmq.DEALER)
        CurveKeys.from_texts(offer.curve).apply_to(socket)
        socket.connect(offer.address)
        self._socket = MessageSocket(socket, self._receive)

    @classmethod
    async def find(cls, settings: Inginious, paths: Sequence[Path], process_id: int) -> Self | None:
        """Return the service that a process offers, None where it cannot be used.

        Args:
            settings: It must be one that these would start.
            paths: Folders of courses that it is to grade.
            process_id: The process.
        """
        offer = await asyncio.to_thread(read_offer, process_id)
        if offer is None:
            return None
        if offer.terms != terms(settings):
            _log.info("The server's grading service differs from what this kernel would start.")
            return None
        try:
            service = cls(offer)
        except (zmq.ZMQError, ValueError) as error:
            _log.warning("The server's grading service cannot be asked: %s", error)
            return None
        try:
            await service._use(paths)
        except (InginiousError, KeyError, TypeError, ValueError) as error:
            _log.info("The server's grading service is not used: %s", error)
            service.close()
            return None
        except BaseException:
            service.close()
            raise
        return service

    async def know(self, path: Path) -> None:
        """Have it grade the courses below a path, too.

        Raises:
            InginiousError: It does not.
        """
        await self._ask("know", _ANSWER_TIMEOUT_S, paths=_absolute([path]))

    async def refusal(self, course_id: str, task_id: str, environment: tuple[str, str]) -> str:
        """Return what would help a task whose environment is not offered; empty if it is.

        Raises:
            ServiceError: The server does not answer.
        """
        answer = await self._ask(
            "refusal", _ANSWER_TIMEOUT_S, of=[course_id, task_id, *environment]
        )
        return from_kept(answer["refusal"])

    async def is_alive(self) -> bool:
        """Return whether the service is there, or is being started again by the server."""
        if self._withdrawn.is_set():
            return False
        try:
            return bool((await self._ask("alive", _ALIVE_TIMEOUT_S)).get("alive"))
        except InginiousError:
            return False

    async def is_withdrawn(self, timeout_s: float) -> bool:
        """Return whether the server withdrew it; waits so long for that."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._withdrawn.wait(), timeout_s)
        return self._withdrawn.is_set()

    def close(self) -> None:
        """End the conversation."""
        self._socket.close(0)
        self._context.destroy(linger=0)

    async def _use(self, paths: Sequence[Path]) -> None:
        await self._ask("alive", _CONTACT_TIMEOUT_S)
        answer = await self._ask("use", _START_TIMEOUT_S, paths=_absolute(paths))
        self.address, self.curve = answer["address"], CurveKeys.from_texts(answer["curve"])
        self.sandbox = answer["sandbox"]

    async def _ask(self, kind: str, timeout_s: float, **more: object) -> dict[str, Any]:
        asked = next(self._ids)
        answer = self._asked[asked] = asyncio.get_running_loop().create_future()
        try:
            self._socket.send([json.dumps({"id": asked, "kind": kind, **more}).encode()])
            content: dict[str, Any] = await asyncio.wait_for(answer, timeout_s)
        except (TimeoutError, zmq.ZMQError) as error:
            raise ServiceError(
                Message("The grading service of the Jupyter server does not answer.")
            ) from error
        finally:
            del self._asked[asked]
        if "error" in content:
            raise ServiceError(from_kept(content["error"]))
        return content

    def _receive(self, frames: list[bytes]) -> None:
        content = json.loads(frames[-1])
        if "withdrawn" in content:
            self._withdrawn.set()
        answer = self._asked.get(content.get("id"))
        if answer is not None and not answer.done():
            answer.set_result(content)


def _absolute(paths: Sequence[Path]) -> list[str]:
    """Return paths that the server understands, whose working directory is another one."""
    return [str(path.absolute()) for path in paths]
