"""The codec against messages recorded from INGInious 0.9.2, and against everything else."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from unittest import mock

import msgpack
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inginious_nb import messages
from inginious_nb.errors import LocalProtocolError, RemoteProtocolError
from inginious_nb.messages import codec

VECTORS = json.loads((Path(__file__).parents[1] / "data" / "vectors.json").read_text())["vectors"]
VOCABULARIES = {
    "client->backend": messages.FROM_CLIENT,
    "backend->client": messages.TO_CLIENT,
    "backend->agent": messages.TO_AGENT,
    "agent->backend": messages.FROM_AGENT,
}


def as_recorded(value):
    """JSON back to what msgpack gives: arrays as tuples, bytes from hex."""
    if isinstance(value, dict):
        if value.keys() == {"__bytes_hex__"}:
            return bytes.fromhex(value["__bytes_hex__"])
        return {key: as_recorded(item) for key, item in value.items()}
    if isinstance(value, list):
        return tuple(as_recorded(item) for item in value)
    return value


def a_job(**changes):
    fields = {
        "job_id": "j",
        "priority": 0,
        "course_id": "c",
        "task_id": "t",
        "task_problems": {},
        "inputdata": {},
        "environment_type": "mcq",
        "environment": "mcq",
        "environment_parameters": {},
        "debug": False,
        "launcher": "tests",
    }
    return messages.ClientNewJob(**(fields | changes))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{v['direction']} {v['type']}")
def test_recorded_messages_decode_to_their_fields_and_encode_to_the_same_bytes(vector):
    frame = bytes.fromhex(vector["hex"])
    message = messages.decode(frame, VOCABULARIES[vector["direction"]])
    assert type(message).__name__ == vector["type"]
    expected = as_recorded(vector["decoded"])
    assert {name: getattr(message, name) for name in message.field_tests} == {
        key: value for key, value in expected.items() if key != "@type"
    }
    assert [*message.field_tests, "@type"] == vector["key_order"]
    assert messages.encode(message) == frame


def test_the_recordings_cover_all_four_directions():
    assert {vector["direction"] for vector in VECTORS} == VOCABULARIES.keys()


def test_a_message_of_another_direction_is_refused():
    with pytest.raises(RemoteProtocolError, match="Ping"):
        messages.decode(messages.encode(messages.Ping()), messages.FROM_AGENT)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ({"job_id": "j", "extra": 1, "@type": "BackendJobStarted"}, "additional: 'extra'"),
        ({"@type": "BackendJobStarted"}, "missing: job_id"),
        ({"job_id": 3, "@type": "BackendJobStarted"}, "job_id cannot be 3"),
        ({"job_id": "j"}, "None is not a message"),
        ({"@type": ["Pong"]}, "is not a message"),
        ([1, 2], "instead of a map"),
    ],
)
def test_a_malformed_frame_is_refused_with_its_reason(payload, reason):
    with pytest.raises(RemoteProtocolError, match=reason):
        messages.decode(msgpack.packb(payload), messages.TO_CLIENT)


@pytest.mark.parametrize(
    "change",
    [
        {"tests": {1: True}},
        {"tests": {b"t": True}},
    ],
)
def test_a_result_that_no_page_could_show_is_refused(change):
    fields = {
        "job_id": "j",
        "result": ["success", ""],
        "grade": 1.0,
        "problems": {},
        "tests": {},
        "custom": {},
        "state": "",
        "archive": None,
        "stdout": "",
        "stderr": "",
        "@type": "BackendJobDone",
    }
    assert messages.decode(msgpack.packb(fields), messages.TO_CLIENT).grade == 1.0
    with pytest.raises(RemoteProtocolError):
        messages.decode(msgpack.packb(fields | change), messages.TO_CLIENT)


@given(st.binary(max_size=200))
def test_any_bytes_become_a_message_or_a_remote_protocol_error(frame):
    for vocabulary in VOCABULARIES.values():
        try:
            message = messages.decode(frame, vocabulary)
        except RemoteProtocolError:
            continue
        assert isinstance(message, messages.WireMessage)


def a_queue(waiting):
    """The frame of a queue in which nothing runs."""
    fields = {"jobs_running": [], "jobs_waiting": waiting, "@type": "BackendGetQueue"}
    return msgpack.packb(fields)


rows = st.lists(
    st.tuples(
        st.text(max_size=3),
        st.booleans(),
        st.text(max_size=3),
        st.just(""),
        st.integers(-1, 9) | st.just(1.0),
    )
    | st.tuples(st.text(max_size=3), st.integers(0, 1))
    | st.just("no row"),
    max_size=4,
)
fields = st.fixed_dictionaries({"jobs_running": rows | st.just([]), "jobs_waiting": rows})
queues = st.builds(
    lambda fields, kind, more: msgpack.packb(fields | {"@type": kind}) + more,
    fields
    | st.dictionaries(st.sampled_from(["jobs_running", "jobs_waiting", "more"]), rows, min_size=1),
    st.just("BackendGetQueue") | st.sampled_from(["Pong", ["BackendGetQueue"]]),
    st.sampled_from([b"", b"", b"\xc0"]),
)


def told(frame):
    """What a frame tells once all of it is read, None for what is not valid."""
    try:
        message = messages.decode(frame, messages.TO_CLIENT)
        if isinstance(message, messages.BackendGetQueue):
            return message.jobs_running, message.jobs_waiting
    except RemoteProtocolError:
        return None
    return message


@given(st.binary(max_size=60) | queues, st.integers(0, 40), st.booleans())
@example(a_queue([["j", True, "c/t", "", 3]]), 0, False)
@example(a_queue([["j", True, "c/t", "", 3.5]]), 0, False)
@example(a_queue([["j", True]]), 0, False)
def test_a_long_queue_is_decoded_as_a_short_one(frame, end, cut):
    frame = frame[:end] if cut else frame
    expected = told(frame)
    with mock.patch.object(codec, "_LONG_BYTES", 1):
        assert told(frame) == expected


@pytest.mark.parametrize("opening", [b"\x91", b"\x81\x00"], ids=["arrays", "maps"])
def test_nesting_deeper_than_the_stack_is_refused(opening):
    with pytest.raises(RemoteProtocolError):
        messages.decode(opening * 200_000 + b"\xc0", messages.TO_CLIENT)


@pytest.mark.parametrize(
    "values",
    [
        {"jobs_running": (), "jobs_waiting": ((),) * 1_100_000},
        {"jobs_running": (), "jobs_waiting": (((0,) * 1000,) * 1100,)},
        {"jobs_running": (), "jobs_waiting": (dict.fromkeys(range(600000), 0),) * 2},
    ],
    ids=["long", "nested", "maps"],
)
def test_a_frame_of_more_than_a_million_values_is_refused(values):
    frame = msgpack.packb(values | {"@type": "BackendGetQueue"})
    with pytest.raises(RemoteProtocolError):
        messages.decode(frame, messages.TO_CLIENT)
    frame = msgpack.packb(values | {"@type": "AgentJobDone"})
    with pytest.raises(RemoteProtocolError, match=r"items|max_\w+_len"):
        messages.decode(frame, messages.FROM_AGENT)


@pytest.mark.parametrize(
    "payload",
    [
        {"@type": "x" * 10_000_000},
        {"x" * 10_000_000: 1, "@type": "Pong"},
        {f"field{number}": 1 for number in range(100_000)} | {"@type": "Pong"},
        {"job_id": ["x" * 10_000_000], "@type": "BackendJobStarted"},
    ],
)
def test_what_is_told_of_a_malformed_frame_is_short(payload):
    with pytest.raises(RemoteProtocolError) as raised:
        messages.decode(msgpack.packb(payload), messages.TO_CLIENT)
    assert len(str(raised.value)) < 500


@pytest.mark.parametrize("started_at", [1.5, float("nan"), True, None, "1"])
def test_a_row_of_the_queue_has_whole_seconds(started_at):
    row = ("j", True, "agent", "c/t", "me", started_at, -1)
    frame = msgpack.packb({"jobs_running": [row], "jobs_waiting": [], "@type": "BackendGetQueue"})
    with pytest.raises(RemoteProtocolError):
        messages.decode(frame, messages.TO_CLIENT)


def test_a_length_that_promises_more_than_the_frame_has_is_refused():
    with pytest.raises(RemoteProtocolError):
        messages.decode(b"\xdf\xff\xff\xff\xff", messages.TO_CLIENT)


answers = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text() | st.binary(),
    lambda inner: st.lists(inner).map(tuple) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), answers))
def test_what_is_sent_is_what_arrives(inputdata):
    job = a_job(inputdata=inputdata)
    assert messages.decode(messages.encode(job), messages.FROM_CLIENT) == job


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"priority": "1"}, "priority cannot be '1'"),
        ({"priority": True}, "priority cannot be True"),
        ({"inputdata": [1]}, "inputdata cannot be a list of 1"),
        ({"inputdata": {3: "x"}}, "inputdata cannot be"),
        ({"debug": "yes"}, "debug cannot be 'yes'"),
        (
            {"task_problems": {"q": {"due": dt.date(2026, 1, 1)}}},
            r"task_problems\.q\.due.*a date",
        ),
        ({"inputdata": {"q": "\ud800"}}, r"inputdata\.q.*surrogate"),
        ({"inputdata": {"q": [0, lambda: 0]}}, r"inputdata\.q\[1\].*a function"),
        ({"inputdata": {"q": 2**64}}, r"inputdata\.q.*int"),
        ({"priority": 2**64}, "priority.*int"),
    ],
)
def test_what_the_protocol_cannot_carry_is_refused_at_home_and_named(changes, reason):
    with pytest.raises(LocalProtocolError, match=reason):
        messages.encode(a_job(**changes))


def test_a_structure_that_holds_itself_is_refused():
    loop: dict = {}
    loop["again"] = loop
    with pytest.raises(LocalProtocolError, match="nested too deeply"):
        messages.encode(a_job(inputdata={"q": loop}))
