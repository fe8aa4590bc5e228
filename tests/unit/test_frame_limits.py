"""What a peer sends is bounded in bytes, items and nesting before anything is made of it."""

from __future__ import annotations

import itertools
import tracemalloc

import msgpack
import pytest

from inginious_nb import messages
from inginious_nb.errors import LocalProtocolError, RemoteProtocolError
from inginious_nb.grader.broker import Scheduler
from inginious_nb.grader.job.feedback import FeedbackError, read_feedback
from inginious_nb.messages import codec, limits
from tests.support.effort import watchdog

FRAME_BYTES = 8_000_000


def filled(head, item):
    return head + item * ((FRAME_BYTES - len(head)) // len(item))


def a_result_with(custom, job_id="j"):
    """A result whose custom values are these bytes; all its other fields are right."""
    fields = {
        "@type": "AgentJobDone",
        "job_id": job_id,
        "result": ["success", ""],
        "grade": 100.0,
        "problems": {},
        "tests": {},
        "state": "",
        "archive": None,
        "stdout": "",
        "stderr": "",
    }
    packer = msgpack.Packer()
    frame = packer.pack_map_header(len(fields) + 1)
    for key, value in fields.items():
        frame += packer.pack(key) + packer.pack(value)
    return frame + packer.pack("custom") + custom


LISTS = b"\x81\xa1a" + filled(b"\xdd" + (FRAME_BYTES - 5).to_bytes(4, "big"), b"\x90")
HOSTILE = {
    "a long array": LISTS,
    "arrays of arrays": b"\x81\xa1a\x92"
    + (b"\xdd" + (500_000).to_bytes(4, "big") + b"\x90" * 500_000) * 2,
    "maps": b"\x81\xa1a\xdd" + (2_000_000).to_bytes(4, "big") + b"\x81\x00\x90" * 2_000_000,
    "one map": b"\xdf"
    + (900_000).to_bytes(4, "big")
    + b"".join(msgpack.packb(str(number)) + b"\x90" for number in range(900_000)),
    "headers that promise": b"\x81\xa1a" + b"\xdd\x00\x03\x00\x00" * 900,
    "short and deep": b"\x81\xa1a" + b"\xdc\x0f\xff" * 900 + b"\xc0" * 4000,
    "deep": b"\x81\xa1a" + b"\x91" * 600 + b"\xc0",
    "deep maps": b"\x81\xa1a" + b"\x81\xa1a" * 600 + b"\xc0",
    "deeper than the stack": b"\x81\xa1a" + b"\x91" * FRAME_BYTES,
}


def peak_bytes(work):
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def is_msgpack(frame):
    unpacker = msgpack.Unpacker(max_buffer_size=len(frame))
    unpacker.feed(frame)
    try:
        unpacker.skip()
    except (ValueError, msgpack.UnpackException):
        return False
    return True


def refused(frame, vocabulary):
    with pytest.raises(RemoteProtocolError):
        messages.decode(frame, vocabulary)


@pytest.mark.parametrize("vocabulary", ["FROM_CLIENT", "TO_CLIENT"])
@pytest.mark.parametrize("custom", HOSTILE.values(), ids=HOSTILE)
def test_it_is_refused_before_it_takes_memory(custom, vocabulary):
    frame = a_result_with(custom)
    assert peak_bytes(lambda: refused(frame, getattr(messages, vocabulary))) < 1_000_000


def test_a_long_queue_is_bounded_too():
    head = b"\x83\xa5@type\xafBackendGetQueue\xacjobs_running\x90\xacjobs_waiting"
    for rows in (
        filled(b"\xdd" + (FRAME_BYTES - 60).to_bytes(4, "big"), b"\x90"),
        b"\xdd\xff\xff\xff\xff" + b"\x90" * FRAME_BYTES,
        b"\xdd\x00\x03\x00\x00" * 900 + b"\x90" * 20_000,
    ):
        frame = head + rows
        assert peak_bytes(lambda frame=frame: refused(frame, messages.TO_CLIENT)) < 4_000_000


@pytest.mark.parametrize("custom", HOSTILE.values(), ids=HOSTILE)
def test_the_broker_ends_the_job_of_such_a_result_without_taking_memory(custom):
    scheduler = Scheduler()
    agent = messages.AgentHello("a", 1, {"mcq": {"mcq": {"id": "", "created": 0}}})
    scheduler.receive_from_agent(b"agent", messages.encode(agent), 0.0)
    scheduler.receive_from_client(b"me", messages.encode(messages.ClientHello("me")), 0.0)
    job = messages.ClientNewJob("j", 0, "c", "t", {}, {}, "mcq", "mcq", {}, False, "me")
    scheduler.receive_from_client(b"me", messages.encode(job), 0.0)
    scheduler.outbox.clear()
    frame = a_result_with(custom)
    assert peak_bytes(lambda: scheduler.receive_from_agent(b"agent", frame, 1.0)) < 1_000_000
    if is_msgpack(frame):
        (sent,) = scheduler.outbox
        assert messages.decode(sent.frame, messages.TO_CLIENT).result[0] == "crash"


@pytest.mark.parametrize(
    "custom",
    [
        {"list": [0] * (limits.MAX_ITEMS - 100)},
        {"bytes": b"\xdd" * FRAME_BYTES, "text": "é" * 1_000_000, "ext": msgpack.ExtType(5, b"x")},
        {"numbers": [1.5, -1, -200, 2**63, None, True, "x" * 40, "y" * 300, b"z" * 70_000] * 99},
        {"map": {str(number): {"n": [number]} for number in range(20_000)}},
    ],
    ids=["many", "long", "kinds", "maps"],
)
def test_large_values_that_are_within_the_limits_arrive(custom):
    packed = msgpack.packb(custom)
    done = messages.decode(a_result_with(packed), messages.FROM_AGENT)
    assert done.custom == msgpack.unpackb(packed, use_list=False)


def test_what_msgpack_can_pack_at_its_deepest_arrives():
    value = None
    for _ in range(limits.MAX_NESTING - 4):
        value = (value,)
    job = messages.ClientNewJob("j", 0, "c", "t", {}, {"q": value}, "m", "m", {}, False, "me")
    frame = messages.encode(job)
    assert messages.decode(frame, messages.FROM_CLIENT) == job


def test_a_message_that_is_too_long_is_neither_sent_nor_decoded(monkeypatch):
    frame = a_result_with(msgpack.packb({"q": "x" * 2000}))
    messages.decode(frame, messages.FROM_AGENT)
    for module in (codec, limits):
        monkeypatch.setattr(module, "MAX_FRAME_BYTES", 2000)
    refused(frame, messages.FROM_AGENT)
    job = messages.ClientNewJob("j", 0, "c", "t", {}, {"q": "x" * 2000}, "m", "m", {}, False, "")
    with pytest.raises(LocalProtocolError, match="2000"):
        messages.encode(job)


@pytest.mark.parametrize("item", [b"[[[[[[]]]]]]", b'{"a":{}}', b"[]", b"0"])
def test_feedback_of_a_job_is_refused_before_it_takes_memory(item):
    content = b'{"custom": {"a": [' + (item + b",") * (FRAME_BYTES // (len(item) + 1)) + b"0]}}"

    def read():
        with pytest.raises(FeedbackError, match="too many values"):
            read_feedback(content)

    assert peak_bytes(read) < 1_000_000


def test_keys_of_one_hash_value_are_refused_before_they_are_compared():
    arrays = itertools.product((0xFE, 0xFF), repeat=15)  # -2 and -1 have the same hash value
    keys = [bytes([0x9F, *array]) for array in arrays]
    frame = b"\xdf\x00\x00\x80\x00" + b"".join(key + b"\xc0" for key in keys)
    with watchdog(15), pytest.raises(RemoteProtocolError, match="key of a map"):
        codec.decode(frame, {})
