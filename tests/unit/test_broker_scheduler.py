"""The broker's rules, without a socket or a clock.

Source: docs/protocol.md, Registration and heartbeats.
"""

from __future__ import annotations

import msgpack
import pytest

from inginious_nb import messages
from inginious_nb.errors import LocalProtocolError
from inginious_nb.i18n import faults
from inginious_nb.i18n.results import custom_of_task
from tests.support.broker_site import (
    ALICE,
    BOB,
    DOCKER,
    MCQ,
    PASSING,
    Site,
    a_job,
    agent_done,
    agent_hello,
    done,
    ids,
)


@pytest.fixture
def site():
    return Site()


@pytest.fixture
def staffed(site):
    """A site with one client and one agent of one slot."""
    site.client(ALICE)
    site.agent(b"agent")
    site.inbox(ALICE)
    return site


# ---- registration -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "message",
    [messages.Ping(), messages.ClientGetQueue(), a_job(), messages.ClientKillJob("j"), b"\xc1"],
)
def test_who_did_not_say_hello_is_told_unknown_and_nothing_else_happens(site, message):
    assert site.client(ALICE, message) == [messages.Unknown()]
    assert site.client(ALICE) == [messages.BackendUpdateEnvironments({})]
    assert site.client(ALICE, messages.ClientGetQueue()) == [messages.BackendGetQueue((), ())]


def test_clients_hear_which_environments_come_and_go(site):
    site.client(ALICE)
    site.inbox(ALICE)
    site.agent(b"agent1", agent_hello(environments=DOCKER))
    site.agent(b"agent2", agent_hello(environments=MCQ))
    both = messages.BackendUpdateEnvironments({"docker": ("default", "python3"), "mcq": ("mcq",)})
    assert site.inbox(ALICE)[-1] == both
    assert site.client(BOB) == [both]
    site.pass_time(10, awake=[b"agent2"])
    assert site.inbox(ALICE) == [messages.BackendUpdateEnvironments({"mcq": ("mcq",)})]


# ---- the way of a job -------------------------------------------------------------------------


def test_a_job_and_its_result_pass_unchanged(staffed):
    job = a_job(debug="ssh", environment_parameters={"limits": {"time": 5}})
    staffed.client(ALICE, job)
    fields = {name: getattr(job, name) for name in messages.BackendNewJob.field_tests}
    assert staffed.inbox(b"agent") == [messages.BackendNewJob(**fields)]
    staffed.agent(b"agent", messages.AgentJobStarted("j"))
    staffed.agent(b"agent", messages.AgentJobSSHDebug("j", "host", 22, "user", "secret"))
    result = agent_done()
    staffed.agent(b"agent", result)
    fields = {name: getattr(result, name) for name in result.field_tests}
    assert staffed.inbox(ALICE) == [
        messages.BackendJobStarted("j"),
        messages.BackendJobSSHDebug("j", "host", 22, "user", "secret"),
        messages.BackendJobDone(**fields),
    ]


def test_lower_priorities_go_first_and_equal_ones_in_order_of_arrival(staffed):
    staffed.client(ALICE, a_job("running"))
    for job_id, priority in (("a", 0), ("b", 1), ("c", -5), ("d", 0)):
        staffed.client(ALICE, a_job(job_id, priority=priority))
    order = ids(staffed.inbox(b"agent"))
    while len(order) < 5:
        order += ids(staffed.agent(b"agent", agent_done(order[-1])))
    assert order == ["running", "c", "a", "d", "b"]


def test_slots_of_all_agents_are_filled_in_the_order_of_registration(site):
    site.client(ALICE)
    site.agent(b"agent1", agent_hello(slots=2))
    site.agent(b"agent2", agent_hello(slots=1))
    for job_id in "abcd":
        site.client(ALICE, a_job(job_id))
    assert ids(site.inbox(b"agent1")) == ["a", "b"]
    assert ids(site.inbox(b"agent2")) == ["c"]
    assert ids(site.agent(b"agent2", agent_done("c"))) == ["d"]


def test_jobs_wait_for_their_environment_without_holding_up_others(site):
    site.client(ALICE)
    site.agent(b"agent1", agent_hello())
    site.client(ALICE, a_job("elsewhere", environment_type="docker", environment="python3"))
    site.client(ALICE, a_job("here", priority=9))
    assert ids(site.inbox(b"agent1")) == ["here"]
    assert ids(site.agent(b"agent2", agent_hello(environments=DOCKER))) == ["elsewhere"]


def test_an_agent_without_slots_or_with_absurdly_many_is_no_problem(site):
    site.client(ALICE)
    site.agent(b"agent1", agent_hello(slots=-3))
    site.agent(b"agent2", agent_hello(slots=10**15))
    site.client(ALICE, a_job())
    assert site.inbox(b"agent1") == []
    assert ids(site.inbox(b"agent2")) == ["j"]


def test_the_queue_has_the_documented_rows(site):
    site.client(ALICE)
    site.client(BOB)
    site.agent(b"agent", agent_hello(name="worker"))
    site.client(ALICE, a_job("a", environment_parameters={"limits": {"time": "12"}}))
    site.now += 0.7
    site.client(BOB, a_job("b", task_id="u", launcher="bob", priority=5))
    site.client(ALICE, a_job("c", environment_parameters={"limits": {"time": 3.9}}))
    (queue,) = site.client(BOB, messages.ClientGetQueue())
    assert queue == messages.BackendGetQueue(
        jobs_running=(("a", False, "worker", "c/t", "tests", 1_800_000_000, 12),),
        jobs_waiting=(("b", True, "c/u", "bob", -1), ("c", False, "c/t", "tests", 3)),
    )


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"limits": None},
        {"limits": [1]},
        {"limits": {"time": "soon"}},
        {"limits": {"time": float("inf")}},
        {"limits": {"time": "9" * 30}},
    ],
)
def test_a_time_limit_that_makes_no_sense_shows_as_unknown(site, parameters):
    site.client(ALICE)
    site.client(ALICE, a_job(environment_parameters=parameters))
    (queue,) = site.client(ALICE, messages.ClientGetQueue())
    assert queue.jobs_waiting[0][-1] == -1


# ---- kill -------------------------------------------------------------------------------------


def test_killing_a_waiting_job_answers_its_owner_with_the_previous_state(site):
    site.client(ALICE)
    site.client(ALICE, a_job())
    (killed,) = site.client(ALICE, messages.ClientKillJob("j"))
    assert killed.result[0] == "killed"
    assert (killed.grade, killed.problems, killed.tests) == (0.0, {}, {})
    assert custom_of_task(killed.custom) == {}
    assert (killed.state, killed.archive, killed.stdout, killed.stderr) == ("before", None, "", "")
    assert site.agent(b"agent") == []


def test_killing_a_running_job_asks_its_agent(staffed):
    staffed.client(ALICE, a_job())
    staffed.inbox(b"agent")
    assert staffed.client(ALICE, messages.ClientKillJob("j")) == []
    assert staffed.inbox(b"agent") == [messages.BackendKillJob("j", "before")]
    staffed.agent(b"agent", agent_done(result=("killed", "")))
    assert done(staffed.inbox(ALICE))[0].result == ("killed", "")


def test_nobody_kills_the_jobs_of_others(staffed):
    staffed.client(BOB)
    staffed.client(ALICE, a_job("running"))
    staffed.client(ALICE, a_job("waiting"))
    staffed.inbox(b"agent")
    staffed.inbox(BOB)
    for job_id in ("running", "waiting", "unheard-of"):
        assert staffed.client(BOB, messages.ClientKillJob(job_id)) == []
    assert staffed.inbox(b"agent") == []
    assert staffed.scheduler.dropped["client: kill of another client's job"] == 2
    assert ids(staffed.agent(b"agent", agent_done("running"))) == ["waiting"]


# ---- duplicate ids and the return of a client ---------------------------------------------------


@pytest.mark.parametrize("sender", [ALICE, BOB])
@pytest.mark.parametrize("is_running", [True, False])
def test_a_known_id_is_a_crash_for_the_requester_and_the_first_job_goes_on(
    site, sender, is_running
):
    site.client(ALICE)
    site.client(BOB)
    if is_running:
        site.agent(b"agent")
    site.client(ALICE, a_job())
    site.inbox(sender)
    (crash,) = site.client(sender, a_job())
    assert crash.result[0] == "crash"
    assert faults.told(crash.result[1]) == crash.result[1]
    assert (crash.state, crash.archive, crash.stdout, crash.stderr) == ("", None, "", "")
    given = site.inbox(b"agent") if is_running else site.agent(b"agent")
    assert ids(given) == ["j"]
    site.inbox(ALICE)
    site.agent(b"agent", agent_done())
    assert ids(done(site.inbox(ALICE))) == ["j"]


def test_the_result_of_a_client_that_is_away_is_delivered_once_when_it_is_back(staffed):
    staffed.client(ALICE, a_job())
    staffed.disconnected.add(ALICE)
    staffed.agent(b"agent", agent_done())
    staffed.pass_time(60, awake=[b"agent"])
    assert staffed.inbox(ALICE) == []
    staffed.disconnected.clear()
    assert ids(done(staffed.client(ALICE, messages.Ping()))) == ["j"]
    assert staffed.client(ALICE, messages.Ping()) == []
    assert done(staffed.client(ALICE)) == []


def test_a_client_that_cannot_come_back_is_forgotten_when_it_is_gone(staffed):
    staffed.client(PASSING)
    staffed.client(PASSING, a_job())
    staffed.disconnected.add(PASSING)
    staffed.agent(b"agent", agent_done())
    staffed.disconnected.clear()
    assert staffed.client(PASSING, messages.Ping()) == [messages.Unknown()]
    assert len(staffed.client(PASSING)) == 1


@pytest.mark.parametrize("how", ["hello again", "silence"])
def test_a_running_job_sent_again_after_a_return_continues(staffed, how):
    staffed.client(ALICE, a_job())
    assert ids(staffed.agent(b"agent", messages.AgentJobStarted("j"))) == ["j"]
    staffed.inbox(ALICE)
    come_back(staffed, how)
    assert staffed.client(ALICE, a_job()) == [messages.BackendJobStarted("j")]
    assert staffed.agent(b"agent", agent_done()) == []  # it was not given a second time
    assert ids(done(staffed.inbox(ALICE))) == ["j"]


def test_a_finished_job_sent_again_is_answered_from_memory(staffed):
    staffed.client(ALICE, a_job())
    staffed.agent(b"agent", agent_done())
    first = done(staffed.inbox(ALICE))
    assert staffed.client(ALICE, a_job()) == first
    assert staffed.inbox(b"agent") == []


def test_a_finished_job_of_other_content_is_another_job(staffed):
    staffed.client(ALICE, a_job())
    staffed.agent(b"agent", agent_done())
    staffed.client(ALICE, a_job(inputdata={"q": "y"}))
    assert ids(staffed.inbox(b"agent")) == ["j"]


def test_a_client_that_cannot_come_back_may_use_an_id_again(staffed):
    staffed.client(PASSING)
    staffed.client(PASSING, a_job())
    staffed.agent(b"agent", agent_done())
    staffed.client(PASSING, a_job())
    assert ids(staffed.inbox(b"agent")) == ["j"]


def test_the_result_of_another_client_is_not_told_while_it_is_there(staffed):
    staffed.client(BOB)
    staffed.client(ALICE, a_job())
    staffed.agent(b"agent", agent_done())
    staffed.inbox(BOB)
    assert staffed.client(BOB, a_job()) == []
    assert ids(staffed.inbox(b"agent")) == ["j"]


def test_a_submitter_may_return_under_a_new_address_once_the_old_one_is_silent(staffed):
    staffed.client(ALICE, a_job())
    staffed.client(BOB)
    staffed.pass_time(1, awake=[ALICE, BOB, b"agent"])
    assert done(staffed.client(BOB, a_job()))[0].result[0] == "crash"
    staffed.pass_time(5, awake=[BOB, b"agent"])
    assert staffed.client(BOB, a_job()) == []
    staffed.inbox(b"agent")
    staffed.agent(b"agent", agent_done())
    assert ids(done(staffed.inbox(BOB))) == ["j"]
    assert done(staffed.inbox(ALICE)) == []


def test_results_are_not_kept_for_ever(staffed):
    staffed.client(ALICE, a_job())
    staffed.disconnected.add(ALICE)
    staffed.agent(b"agent", agent_done())
    staffed.now += 25 * 3600
    staffed.pass_time(1)
    staffed.disconnected.clear()
    assert done(staffed.client(ALICE, messages.Ping())) == []


def test_a_client_unheard_of_for_a_day_must_say_hello_again(site):
    site.client(ALICE)
    site.now += 25 * 3600
    site.pass_time(1)
    assert site.client(ALICE, messages.Ping()) == [messages.Unknown()]


def come_back(site, how):
    if how == "silence":
        site.pass_time(5, awake=[b"agent"])
        site.client(ALICE, messages.Ping())
    else:
        site.now += 0.1
        site.client(ALICE)


# ---- agents that fail ---------------------------------------------------------------------------


def test_an_agent_that_says_hello_again_loses_its_jobs_newest_first(site):
    site.client(ALICE)
    site.agent(b"agent", agent_hello(slots=2))
    for job_id in "abc":
        site.client(ALICE, a_job(job_id))
    site.inbox(ALICE)
    assert ids(site.agent(b"agent", agent_hello(slots=1))[2:]) == ["c"]
    lost = done(site.inbox(ALICE))
    assert ids(lost) == ["b", "a"]
    assert [(one.result[0], one.state, one.archive, one.stdout, one.stderr) for one in lost] == [
        ("crash", "", None, None, None)
    ] * 2
    site.agent(b"agent", agent_done("a"))
    assert site.inbox(ALICE) == []


def test_an_agent_is_lost_after_six_unanswered_pings_and_its_jobs_are_crashes(staffed):
    staffed.client(ALICE, a_job("running"))
    staffed.client(ALICE, a_job("waiting"))
    staffed.pass_time(30, awake=[b"agent"])
    staffed.pass_time(6)
    assert staffed.inbox(ALICE) == []
    staffed.pass_time(1)
    crash, update = staffed.inbox(ALICE)
    assert (crash.job_id, crash.result[0]) == ("running", "crash")
    assert faults.told(crash.result[1]) == crash.result[1]
    assert update == messages.BackendUpdateEnvironments({})
    staffed.inbox(b"agent")
    for message in (messages.Pong(), agent_done("running"), messages.AgentJobStarted("waiting")):
        assert staffed.agent(b"agent", message) == []
    assert staffed.inbox(ALICE) == []
    assert ids(staffed.agent(b"agent2")) == ["waiting"]


def test_only_the_agent_that_runs_a_job_reports_on_it(site):
    site.client(ALICE)
    site.agent(b"agent1")
    site.agent(b"agent2")
    site.client(ALICE, a_job("a"))
    site.inbox(ALICE)
    for message in (
        messages.AgentJobStarted("a"),
        messages.AgentJobSSHDebug("a", "h", 1, "u", "p"),
        agent_done("a"),
        agent_done("unheard-of"),
    ):
        site.agent(b"agent2", message)
    assert site.inbox(ALICE) == []
    site.agent(b"agent1", agent_done("a"))
    site.agent(b"agent1", agent_done("a"))
    assert ids(done(site.inbox(ALICE))) == ["a"]
    for job_id in "bcd":
        site.client(ALICE, a_job(job_id))
    given = ids(site.inbox(b"agent1")) + ids(site.inbox(b"agent2"))
    assert sorted(given) == ["b", "c"]  # none of that made another slot


@pytest.mark.parametrize("changes", [{"problems": 3}, {"grade": None}, {"result": "x"}])
def test_a_result_that_cannot_be_read_is_a_crash_and_frees_the_slot(staffed, changes):
    staffed.client(ALICE, a_job())
    staffed.client(ALICE, a_job("next"))
    staffed.inbox(b"agent")
    fields = {name: getattr(agent_done(), name) for name in agent_done().field_tests} | changes
    frame = msgpack.packb(fields | {"@type": "AgentJobDone"})
    assert ids(staffed.agent(b"agent", frame)) == ["next"]
    (crash,) = done(staffed.inbox(ALICE))
    assert (crash.job_id, crash.result[0]) == ("j", "crash")
    assert faults.told(crash.result[1]) == crash.result[1]


def test_a_job_that_cannot_be_sent_to_its_agent_goes_to_another_one(site):
    site.client(ALICE)
    site.agent(b"agent1")
    site.disconnected.add(b"agent1")
    site.client(ALICE, a_job("a"))
    site.client(ALICE, a_job("b"))
    assert ids(site.agent(b"agent2")) == ["a"]
    site.disconnected.clear()
    assert ids(site.agent(b"agent1", messages.Pong())) == ["b"]


# ---- bad frames ---------------------------------------------------------------------------------


def nested(depth):
    value: list = []
    for _ in range(depth):
        value = [value]
    return value


BAD_FRAMES = [
    b"",
    b"\xc1",
    b"not msgpack at all",
    msgpack.packb([1, 2]),
    msgpack.packb({"@type": "Nonsense"}),
    msgpack.packb({"@type": 5}),
    msgpack.packb({"job_id": "j"}),
    msgpack.packb({"job_id": "j", "@type": "AgentJobDone"}),
    msgpack.packb({"job_id": "j", "more": 1, "@type": "ClientKillJob"}),
    msgpack.packb({"job_id": 7, "@type": "ClientKillJob"}),
    messages.encode(messages.Unknown()),
    messages.encode(messages.BackendJobStarted("j")),
    messages.encode(messages.BackendNewJob("j", "c", "t", {}, {}, "mcq", "mcq", {}, False)),
    msgpack.packb(nested(300)),
]
FOR_CLIENTS_ONLY = [messages.encode(messages.Ping()), messages.encode(messages.ClientHello("me"))]
FOR_AGENTS_ONLY = [
    messages.encode(messages.Pong()),
    messages.encode(agent_hello()),
    messages.encode(agent_done()),
]


@pytest.mark.parametrize("frame", BAD_FRAMES + FOR_AGENTS_ONLY)
def test_a_bad_frame_from_a_client_is_counted_and_changes_nothing(staffed, frame):
    assert staffed.client(ALICE, frame) == []
    assert staffed.scheduler.dropped.total() == 1
    staffed.client(ALICE, a_job())
    assert ids(staffed.agent(b"agent", messages.AgentJobStarted("j"))) == ["j"]


@pytest.mark.parametrize("frame", BAD_FRAMES + FOR_CLIENTS_ONLY)
def test_a_bad_frame_from_an_agent_is_counted_and_changes_nothing(staffed, frame):
    assert staffed.agent(b"agent", frame) == []
    assert staffed.scheduler.dropped.total() == 1
    staffed.client(ALICE, a_job())
    staffed.agent(b"agent", agent_done())
    assert ids(done(staffed.inbox(ALICE))) == ["j"]


def test_what_cannot_be_passed_on_is_a_crash(staffed, monkeypatch):
    # As with msgpack 1.1, which unpacks what is nested deeper than it can pack.
    def encode(message):
        if "bottomless" in repr(message):
            raise LocalProtocolError("it is nested too deeply")
        return wire_encode(message)

    wire_encode = messages.encode
    deep_job, deep_result = (
        messages.encode(a_job(inputdata={"q": "bottomless"})),
        agent_done(stdout="bottomless"),
    )
    deep_result = messages.encode(deep_result)
    monkeypatch.setattr(messages, "encode", encode)
    (crash,) = staffed.client(ALICE, deep_job)
    assert (crash.job_id, crash.result[0]) == ("j", "crash")
    assert faults.told(crash.result[1]) == crash.result[1]
    assert staffed.inbox(b"agent") == []
    staffed.client(ALICE, a_job())
    staffed.agent(b"agent", deep_result)
    (crash,) = staffed.inbox(ALICE)
    assert (crash.job_id, crash.result[0]) == ("j", "crash")
    assert faults.told(crash.result[1]) == crash.result[1]
