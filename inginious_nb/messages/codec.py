"""Messages to frames and back: msgpack maps with ``@type`` (docs/protocol.md, Framing).

Both directions are strict. What we send is checked before it leaves, since one malformed message
ends a real backend for everybody (docs/protocol.md, Framing); what a peer sends either becomes a
valid message or a `RemoteProtocolError`, never anything in between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgpack
import msgspec

from inginious_nb.errors import LocalProtocolError, RemoteProtocolError

from .limits import MAX_FRAME_BYTES, check_limits
from .long_queue import LongQueue
from .types import AgentJobDone, BackendGetQueue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .types import Vocabulary, WireMessage

_CANNOT_DECODE = (
    ValueError,
    TypeError,
    OverflowError,
    RecursionError,
    MemoryError,
    msgpack.UnpackException,
)

_MAX_SHOWN = 5
"""Additional fields that an error names."""

_CANNOT_ENCODE = (ValueError, TypeError, OverflowError, RecursionError)

_LONG_BYTES = 16 * 1024
"""From this size on the queue has a decoder of its own; it has some 200 rows then."""

_MAP_OF_THREE = 0x83
"""The first byte of the queue's two fields and type, and of no other message to a client."""

_FEW_KEYS_BYTES = 4096
"""Frames of no more bytes have too few keys to take long, whatever these are."""

_KEYS = frozenset({str, bytes, int, float, bool, type(None)})

_QUEUE = BackendGetQueue.__name__


class _Result(msgspec.Struct, tag_field="@type", tag=AgentJobDone.__name__):
    """The one field of a result that is made when the rest is not valid."""

    job_id: str


_RESULT_DECODER = msgspec.msgpack.Decoder(_Result)


def encode(message: WireMessage) -> bytes:
    """Encode a message as one frame, ``@type`` last as INGInious writes it.

    Raises:
        LocalProtocolError: A field has the wrong type, or holds what msgpack cannot carry; the
            text names the field and, within it, the place. Or the message is too long.
    """
    payload: dict[str, Any] = {}
    for name, test in message.field_tests.items():
        value = getattr(message, name)
        if not test(value):
            raise LocalProtocolError(
                f"{type(message).__name__}.{name} cannot be {_shown(value)}; it was not sent."
            )
        payload[name] = value
    payload["@type"] = type(message).__name__
    try:
        frame: bytes = msgpack.packb(payload, use_bin_type=True)
    except _CANNOT_ENCODE as error:
        place, reason = next(_culprits(payload, ""), ("the message", str(error)))
        raise LocalProtocolError(f"{place} cannot be sent: {reason}.") from error
    if len(frame) > MAX_FRAME_BYTES:
        raise LocalProtocolError(
            f"A message of {len(frame)} bytes cannot be sent: at most {MAX_FRAME_BYTES} are."
        )
    return frame


def decode(frame: bytes | memoryview, vocabulary: Vocabulary) -> WireMessage:
    """Decode one frame as a message of the vocabulary; arrays become tuples.

    Raises:
        RemoteProtocolError: The frame is not msgpack, not a map, of a type that the vocabulary
            has not, has a missing or additional field or one of the wrong type, or has more items
            or deeper nesting than `limits` allows. What `LongQueue` tests later may raise later.
    """
    if len(frame) >= _LONG_BYTES and frame[0] == _MAP_OF_THREE and _QUEUE in vocabulary:
        return LongQueue(frame)
    try:
        check_limits(frame)
        payload = msgpack.unpackb(
            frame,
            raw=False,
            use_list=False,
            strict_map_key=False,
            object_pairs_hook=_map if len(frame) > _FEW_KEYS_BYTES else None,
        )
    except _CANNOT_DECODE as error:
        raise RemoteProtocolError(f"The frame is not msgpack: {error}") from error
    message = _named(payload, vocabulary)
    for key, test in message.field_tests.items():
        if not test(payload[key]):
            raise _wrong(message, key, payload[key])
    return message(**payload)


def _map(pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
    """Return a map, unless its keys could share one hash value: arrays of -1 and -2, and times.

    Raises:
        ValueError: A key is an array, or of an extension.
    """
    if not {type(key) for key, _ in pairs} <= _KEYS:
        raise ValueError("a key of a map is neither text nor number")
    return dict(pairs)


def job_of_result(frame: bytes | memoryview) -> str | None:
    """Return the id of the job that an agent's result is about, or None if it is no such frame.

    Nothing else in the frame is made, and it may be one that `decode` refuses.
    """
    try:
        return _RESULT_DECODER.decode(frame).job_id
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def _named(payload: object, vocabulary: Vocabulary) -> type[WireMessage]:
    """Return the message class that a payload fits, and take ``@type`` out of the payload."""
    if not isinstance(payload, dict):
        raise RemoteProtocolError(f"The frame holds {_shown(payload)} instead of a map.")
    name = payload.pop("@type", None)
    message_class = vocabulary.get(name) if isinstance(name, str) else None
    if message_class is None:
        raise RemoteProtocolError(f"{_shown(name)} is not a message that may come from here.")
    tests = message_class.field_tests
    if payload.keys() != tests.keys():
        missing = ", ".join(sorted(tests.keys() - payload.keys())) or "none"
        others = [_shown(key) for key in payload.keys() - tests.keys()]
        additional = ", ".join(sorted(others[:_MAX_SHOWN])) or "none"
        raise RemoteProtocolError(
            f"{name} has the wrong fields (missing: {missing}; additional: {additional})."
        )
    return message_class


def _wrong(message: type[WireMessage], key: str, value: object) -> RemoteProtocolError:
    return RemoteProtocolError(f"{message.__name__}.{key} cannot be {_shown(value)}.")


def _shown(value: object) -> str:
    """Return a value for a log line: short, whatever a peer sent."""
    limit = 60
    if isinstance(value, (dict, list, tuple, bytes)):
        return f"a {type(value).__name__} of {len(value)}"
    text = ascii(value[: limit + 1] if isinstance(value, str) else value)
    return text if len(text) <= limit else f"{text[:limit]}…"


def _culprits(value: object, place: str, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield the places in a value that msgpack cannot carry, with the reason, depth first."""
    deepest = 200
    if depth > deepest:
        yield place.lstrip("."), "it is nested too deeply"
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _culprits(key, f"{place} (key {_shown(key)})", depth + 1)
            yield from _culprits(
                item, f"{place}.{key if isinstance(key, str) else _shown(key)}", depth + 1
            )
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _culprits(item, f"{place}[{index}]", depth + 1)
    else:
        try:
            msgpack.packb(value, use_bin_type=True)
        except UnicodeEncodeError:
            yield place.lstrip("."), "it has half of a surrogate pair, which is not valid text"
        except _CANNOT_ENCODE:
            yield (
                place.lstrip("."),
                f"it holds a {type(value).__name__}, which the protocol has no form for",
            )
