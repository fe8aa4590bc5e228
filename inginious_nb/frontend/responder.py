"""Answers the browser: each request exactly once, with a value or with a message.

How a request came is not known here. The browser is not trusted: a request without the shape of
its kind is refused before a handler sees it, and whatever it names is looked up by its handler.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import msgspec

from inginious_nb.errors import AnswerError, InginiousError, UsageError
from inginious_nb.i18n import Message

from .protocol.common import PROTOCOL_VERSION, EmptyMessage, LangRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Buffers = Sequence[Any]
    Handler = Callable[[Any, Any, Buffers], Any]

_log = logging.getLogger(__name__)

_LANGUAGE = re.compile(r"[a-z]{2,3}([-_][A-Za-z0-9]{2,8})*", re.ASCII)


class ShownState(Protocol):
    """A publisher: the state that a page sees, in the language of the page."""

    lang: str

    def speak(self, lang: str) -> None:
        """Publish texts in another language from now on."""


UNEXPECTED = Message("Something went wrong in the kernel; its log has the details.")


class Responder:
    """Answers requests of some kinds.

    Args:
        publisher: The state that the page sees.

    Attributes:
        shapes: What each kind carries.
        handlers: The function for each kind, with self, what it carries and the buffers.
    """

    shapes: ClassVar[Mapping[str, Any]]
    handlers: ClassVar[Mapping[str, Handler]]

    def __init__(self, publisher: ShownState) -> None:
        self._shown = publisher

    def change_language(self, request: LangRequest, _buffers: Buffers) -> EmptyMessage:
        """Answer that the page is read in another language, which every responder is told."""
        self._shown.speak(_checked_language(request["lang"]))
        return {}

    def answer(self, message: object, buffers: Buffers = ()) -> tuple[dict[str, Any], list[bytes]]:
        """Return the reply to a request, and the bytes that go with it.

        Nothing is raised: a refusal is a reply with ``ok`` false and a message in ``error``.
        """
        request: dict[str, Any] = message if isinstance(message, dict) else {}
        reply = _reply(request.get("id"))
        try:
            value = self._value(request, buffers)
        except InginiousError as error:
            problem_id = error.problem_id if isinstance(error, AnswerError) else None
            return reply | self._refusal(error, problem_id), []
        except Exception:  # noqa: BLE001 - the browser is told; the log has the rest
            _log.exception("The request %r of the front end failed.", request.get("kind"))
            return reply | self._refusal(UsageError(UNEXPECTED), None), []
        content, attached = value if isinstance(value, tuple) else (value, None)
        return reply | {"ok": True, "value": content}, [] if attached is None else [attached]

    def refused(self, request_id: object, error: InginiousError) -> dict[str, Any]:
        """Return the reply that refuses a request."""
        return _reply(request_id) | self._refusal(error, None)

    def _refusal(self, error: InginiousError, problem_id: str | None) -> dict[str, Any]:
        return {"ok": False, "error": error.in_language(self._shown.lang), "problem_id": problem_id}

    def _value(self, request: dict[str, Any], buffers: Buffers) -> Any:
        if request.get("v") != PROTOCOL_VERSION:
            raise UsageError(Message("This page has another version of inginious_nb; reload it."))
        kind = str(request.get("kind"))
        handler = self.handlers.get(kind)
        if handler is None:
            raise UsageError(
                Message("This page asked for something that this kernel does not know.")
            )
        try:
            carried: Any = msgspec.convert(request, self.shapes[kind])
        except (msgspec.ValidationError, UnicodeError) as error:
            _log.info("A request %r of the front end has not its shape: %s", kind, error)
            raise UsageError(
                Message("This page asked in a way that this kernel does not know; reload it.")
            ) from None
        return handler(self, carried, buffers)


def _reply(request_id: object) -> dict[str, Any]:
    return {"v": PROTOCOL_VERSION, "kind": "reply", "id": request_id}


def _checked_language(lang: str) -> str:
    """Return the code of a language.

    Raises:
        UsageError: It is none.
    """
    if _LANGUAGE.fullmatch(lang) is None:
        raise UsageError(Message("That is not the code of a language."))
    return lang
