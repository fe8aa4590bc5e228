"""Requests that come in parts: put together, or refused, whatever a page sends."""

from __future__ import annotations

import json

import pytest

from inginious_nb.frontend import parts
from inginious_nb.frontend.parts import PartsResponder
from inginious_nb.frontend.responder import Responder


class English:
    lang = "en"


class Echo(Responder):
    """Answers with what it was asked."""

    def __init__(self):
        super().__init__(English())

    def answer(self, message, buffers=()):
        return {"ok": True, "message": message}, [bytes(buffer) for buffer in buffers]


def in_parts(message, *buffers, size=5):
    pieces = [json.dumps(message).encode(), *buffers]
    whole, sizes = b"".join(pieces), [len(piece) for piece in pieces]
    return [
        (
            {"v": 1, "kind": "part", "id": message["id"], "start": start, "sizes": sizes},
            [memoryview(whole[start : start + size])],
        )
        for start in range(0, len(whole), size)
    ]


def test_parts_are_put_together_also_of_several_requests_at_once():
    responder = PartsResponder(Echo())
    one, two = {"id": "one", "text": "é" * 9}, {"id": "two"}
    first, second = in_parts(one, b"file", b"", b"another"), in_parts(two, b"")
    answers = [
        responder.answer(*part)
        for both in zip(first, [*second, *[({"kind": "other"}, [])] * 9], strict=False)
        for part in both
    ]
    answers += [responder.answer(*part) for part in first[len(second) + 9 :]]
    complete = [answer for answer in answers if answer and answer[0]["message"] in (one, two)]
    assert complete == [
        ({"ok": True, "message": two}, [b""]),
        ({"ok": True, "message": one}, [b"file", b"", b"another"]),
    ]


def test_what_is_too_large_is_refused_once(monkeypatch):
    monkeypatch.setattr(parts, "MAX_REQUEST_BYTES", 30)
    responder = PartsResponder(Echo())
    first, *_ = in_parts({"id": "r"}, b"x" * 40)
    reply, _ = responder.answer(*first)
    assert (reply["id"], reply["ok"]) == ("r", False)
    assert "too much for one submission" in reply["error"]


@pytest.mark.parametrize(
    "change",
    [
        {"start": 7},
        {"sizes": [1, -1]},
        {"sizes": []},
        {"sizes": [3]},
        {"sizes": "all"},
        {"id": None},
        {"start": -1},
    ],
)
def test_what_does_not_fit_is_refused(change):
    responder = PartsResponder(Echo())
    first, second = in_parts({"id": "r"}, size=8)[:2]
    assert responder.answer(*first) is None
    reply, _ = responder.answer(second[0] | change, second[1])
    assert not reply["ok"]
    assert "did not arrive completely" in reply["error"]


def test_few_requests_are_kept_incomplete():
    responder = PartsResponder(Echo())
    started = [in_parts({"id": f"r{number}"}) for number in range(parts.MAX_INCOMPLETE + 1)]
    assert [responder.answer(*request[0]) for request in started] == [None] * len(started)
    # The oldest was given up; the newest is answered.
    assert [responder.answer(*part) for part in started[0][1:]] == [None] * (len(started[0]) - 1)
    assert responder.answer(*started[-1][1]) is None
    assert responder.answer(*started[-1][2])[0]["message"] == {"id": "r4"}
