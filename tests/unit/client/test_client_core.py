"""The client's decisions, with the network, the backend and time written down."""

from __future__ import annotations

import pytest

from inginious_nb import messages
from inginious_nb.client.results import UNAVAILABLE
from tests.support.model_backend import ModelBackend, World, a_result


def test_a_job_is_sent_queued_started_and_done():
    world = World()
    job = world.submit("j")
    world.wait(2)
    world.backend.start("j")
    world.settle()
    world.wait(1)
    world.backend.finish("j")
    world.wait(1)
    assert job.kinds() == ["JobSent", "JobQueued", "JobStarted", "JobDone"]
    assert job.results == [(("success", ""), 100.0, {}, {}, {}, None)]


def test_a_job_waits_for_its_environment_and_then_goes():
    world = World(ModelBackend(environments={}))
    job = world.submit("j")
    world.wait(5)
    assert job.events == []
    world.backend.announce({"mcq": ("mcq",)})
    world.wait(1)
    assert job.kinds()[0] == "JobSent"


def test_an_environment_that_nobody_announces_ends_the_job_with_the_ones_there_are():
    world = World(environment_wait_s=15)
    job = world.submit("j", environment=("docker", "java"))
    world.wait(14)
    assert job.events == []
    world.wait(3)
    ((code, text), *_) = job.results[0]
    assert code == "crash"
    assert "docker/java" in text
    assert "mcq/mcq" in text


def test_an_environment_unknown_long_after_the_registration_is_refused_at_the_next_tick():
    world = World(environment_wait_s=15)
    world.wait(30)
    job = world.submit("j", environment=("docker", "java"))
    world.wait(1)
    assert len(job.results) == 1


def test_without_a_backend_the_job_ends_after_the_first_contact_time():
    world = World(first_contact_s=30)
    world.stalled = True
    job = world.submit("j")
    world.wait(29)
    assert job.events == []
    world.wait(3)
    assert job.results == [(("crash", UNAVAILABLE), 0.0, {}, {}, {}, None)]


def test_a_backend_that_never_comes_back_ends_all_jobs_within_the_configured_time():
    world = World(give_up_s=120)
    jobs = [world.submit(f"j{number}") for number in range(200)]
    world.wait(5)
    world.stalled = True
    world.wait(115)
    assert not any(job.results for job in jobs)
    world.wait(10)
    assert [job.results for job in jobs] == [
        [(("crash", UNAVAILABLE), 0.0, {}, {}, {}, None)]
    ] * 200


def test_a_silence_shorter_than_that_costs_nothing():
    world = World()
    job = world.submit("j")
    world.wait(2)
    world.stalled = True
    world.wait(60)
    assert world.core.connection(world.now).state == "silent"
    world.stalled = False
    world.backend.finish("j")
    world.wait(5)
    assert world.core.connection(world.now).state == "connected"
    assert [result[0][0] for result in job.results] == ["success"]
    assert world.backend.runs["j"] == 1
    assert world.core.connections.current.routing_id == b"id-0"


def test_after_a_restart_of_the_backend_all_jobs_are_sent_again_under_the_same_id():
    world = World()
    jobs = {f"j{number}": world.submit(f"j{number}") for number in range(200)}
    world.wait(2)
    world.backend.restart(environments={})
    world.wait(3)
    assert not world.backend.jobs
    world.backend.announce({"mcq": ("mcq",)})
    world.wait(3)
    assert world.backend.jobs.keys() == jobs.keys()
    for job_id in jobs:
        world.backend.finish(job_id)
    world.wait(1)
    assert all([result[0][0] for result in job.results] == ["success"] for job in jobs.values())


def test_a_job_is_sent_again_a_bounded_number_of_times():
    world = World(resend_limit=2)
    job = world.submit("j")
    for _ in range(5):
        world.wait(3)
        world.backend.restart()
    world.wait(3)
    assert job.kinds().count("JobSent") == 3
    assert [result[0] for result in job.results] == [("crash", UNAVAILABLE)]


@pytest.mark.parametrize("noticed", [True, False])
@pytest.mark.parametrize("queue_update_s", [10, 0])
def test_a_result_that_was_dropped_is_noticed_and_the_job_sent_again(queue_update_s, noticed):
    world = World(queue_update_s=queue_update_s)
    job = world.submit("j")
    other = world.submit("k")
    world.wait(2)
    world.backend.start("j")
    world.wait(1)
    world.backend.finish("j")
    world.lose_what_is_under_way(noticed=noticed)
    world.wait(45)
    assert job.kinds().count("JobSent") == 2
    assert other.kinds().count("JobSent") == 1
    world.backend.finish("j")
    world.backend.finish("k")
    world.wait(2)
    assert len(job.results) == len(other.results) == 1


def test_a_job_that_never_reached_the_backend_is_sent_again():
    world = World()
    world.wait(1)
    job = world.submit("j")
    world.lose_what_is_under_way()
    world.wait(3)
    assert "j" in world.backend.jobs
    assert job.kinds().count("JobSent") == 2


def test_a_job_submitted_after_the_queue_was_asked_for_is_not_taken_for_lost():
    world = World()
    world.submit("first")
    world.wait(1)
    # Both answers to come were asked for, or are asked for, before the job is in the queue.
    world.core.tick(world.now + 1)
    job = world.submit("j")
    world.say(messages.BackendGetQueue((), ()))
    world.say(messages.BackendGetQueue((), ()))
    assert job.kinds().count("JobSent") == 1


def test_a_result_that_overtakes_nothing_is_not_taken_for_lost():
    world = World()
    job = world.submit("j")
    world.wait(2)
    world.backend.finish("j")
    world.wait(5)
    assert len(job.results) == 1
    assert world.backend.runs["j"] == 1


def test_a_refusal_of_a_second_copy_is_not_the_result_of_the_first():
    world = World()
    job = world.submit("j", chosen_id=True)
    world.wait(2)
    world.say(a_result("j", ("crash", "known"), stdout=""))
    world.wait(3)
    assert not job.results
    world.backend.finish("j")
    world.wait(1)
    assert [result[0][0] for result in job.results] == ["success"]


def test_a_crash_that_looks_like_a_refusal_counts_once_the_job_is_gone():
    world = World()
    job = world.submit("j", chosen_id=True)
    world.wait(2)
    world.backend.finish("j", result=("crash", "the grader"), stdout="")
    world.wait(3)
    assert [result[0] for result in job.results] == [("crash", "the grader")]
    assert world.backend.runs["j"] == 1


LOST_AGENT = {"result": ("crash", "the agent was lost"), "stdout": None}


def test_a_job_whose_agent_was_lost_is_sent_again():
    world = World()
    job = world.submit("j")
    world.wait(2)
    world.backend.start("j")
    world.wait(7)
    world.backend.finish("j", **LOST_AGENT)
    world.wait(1)
    assert not job.results
    world.backend.finish("j")
    world.wait(1)
    assert [result[0][0] for result in job.results] == ["success"]
    assert job.kinds().count("JobSent") == 2


def test_a_job_that_ends_each_agent_is_given_up():
    world = World()
    job = world.submit("j")
    for _ in range(10):
        world.wait(8)
        if not job.results:
            world.backend.finish("j", **LOST_AGENT)
    assert [result[0] for result in job.results] == [("crash", "the agent was lost")]
    assert world.backend.runs["j"] == 3


def test_a_job_that_an_agent_refuses_is_not_sent_again():
    world = World()
    job = world.submit("j")
    world.wait(20)
    world.backend.start("j")
    world.settle()
    world.backend.finish("j", **LOST_AGENT)
    world.wait(1)
    assert [result[0][0] for result in job.results] == ["crash"]
    assert world.backend.runs["j"] == 1


def test_a_killed_job_whose_agent_was_lost_is_not_sent_again():
    world = World()
    job = world.submit("j")
    world.wait(8)
    world.core.kill("j", world.now)
    world.say(a_result("j", **LOST_AGENT))
    world.wait(1)
    assert [result[0][0] for result in job.results] == ["killed"]


def test_a_start_in_the_future_is_now_and_in_the_past_is_then():
    world = World(queue_update_s=0)
    world.core.epoch = 1_000_000.0
    jobs = [world.submit("soon"), world.submit("before")]
    world.wait(2)
    now = int(world.now + world.core.epoch)
    soon = ("soon", True, "agent", "c/t", "me", 2**63, -1)
    before = ("before", True, "agent", "c/t", "me", now - 9, -1)
    world.say(messages.BackendGetQueue((soon, before), ()))
    assert [job.kinds()[-1] for job in jobs] == ["JobStarted"] * 2
    assert [job.events[-1].at for job in jobs] == [world.now + world.core.epoch, now - 9]


@pytest.mark.parametrize("for_shell", [True, False])
def test_a_shell_is_told_once_to_whom_asked_for_one(for_shell):
    world = World()
    job = world.submit("j", for_shell=for_shell)
    world.wait(2)
    for port in (1, 2, 3):
        world.say(messages.BackendJobSSHDebug("j", "host", port, "user", "password"))
    shells = [event.port for event in job.events if type(event).__name__ == "JobSsh"]
    assert shells == ([1] if for_shell else [])


def test_a_shell_is_told_again_when_the_job_was_sent_again():
    world = World()
    job = world.submit("j", for_shell=True)
    world.wait(2)
    world.say(messages.BackendJobSSHDebug("j", "host", 1, "user", "password"))
    world.backend.restart({"mcq": ("mcq",)})
    world.wait(10)
    world.say(messages.BackendJobSSHDebug("j", "host", 2, "user", "password"))
    assert [event.port for event in job.events if type(event).__name__ == "JobSsh"] == [1, 2]


def test_thousands_of_environments_are_not_all_named():
    many = {"docker": tuple(f"name{number}" for number in range(5000))}
    world = World(ModelBackend(environments=many), environment_wait_s=1)
    job = world.submit("j")
    world.wait(5)
    ((_, text), *_) = job.results[0]
    assert "docker/name7" in text
    assert "and 4980 more" in text
    assert len(text) < 1000


def test_a_kill_that_was_lost_is_sent_again():
    world = World()
    job = world.submit("j")
    world.wait(2)
    world.backend.start("j")
    world.wait(1)
    world.kill("j")
    world.lose_what_is_under_way()
    killed = []
    receive = world.backend.receive

    def noting(identity, frame):
        message = messages.decode(frame, messages.FROM_CLIENT)
        if isinstance(message, messages.ClientKillJob):
            killed.append(message.job_id)
        receive(identity, frame)

    world.backend.receive = noting
    world.wait(20)
    assert killed == ["j"]
    assert not job.results


def test_several_unknowns_in_a_row_are_answered_by_one_hello():
    world = World()
    world.wait(2)
    before = len(world.connections[1].to_backend)
    for _ in range(5):
        world.say(messages.Unknown())
    sent = [
        messages.decode(frame, messages.FROM_CLIENT) for _, frame in world.connections[1].to_backend
    ]
    assert [type(message) for message in sent[before:]] == [messages.ClientHello]
    world.wait(2)
    assert world.core.connections.registered


def test_a_backend_that_answers_nothing_but_unknown_is_given_up():
    world = World(first_contact_s=10)
    job = world.submit("j")
    world.stalled = True
    for _ in range(12):
        world.wait(1)
        world.say(messages.Unknown())
    assert [result[0] for result in job.results] == [("crash", UNAVAILABLE)]


def test_a_killed_job_that_waits_for_its_environment_ends_at_once():
    world = World(ModelBackend(environments={}))
    job = world.submit("j")
    world.kill("j")
    assert [result[0][0] for result in job.results] == ["killed"]
    world.backend.announce({"mcq": ("mcq",)})
    world.wait(2)
    assert not world.backend.jobs


def test_a_job_killed_in_the_queue_ends_with_the_backends_answer():
    world = World()
    job = world.submit("j")
    world.wait(2)
    world.kill("j")
    world.wait(1)
    assert [result[0] for result in job.results] == [("killed", "in the queue")]


def test_a_killed_job_that_was_lost_is_not_sent_again():
    world = World()
    job = world.submit("j")
    world.wait(2)
    world.kill("j")
    world.lose_what_is_under_way()
    world.backend.restart()
    world.wait(5)
    assert [result[0][0] for result in job.results] == ["killed"]
    assert not world.backend.jobs


def test_results_for_strangers_and_second_results_are_counted_and_dropped():
    world = World()
    job = world.submit("j")
    world.wait(2)
    world.backend.finish("j")
    world.wait(1)
    world.say(a_result("j"))
    world.say(a_result("stranger"))
    assert len(job.results) == 1
    assert world.core.counters["results without a job"] == 2


def test_frames_that_are_no_messages_are_counted_and_dropped():
    world = World(max_frame_bytes=1000)
    job = world.submit("j")
    world.wait(2)
    connection = world.core.connections.current.number
    for frame in (
        b"",
        b"\xc1",
        b"\x92" * 900,
        b"\xa3abc",
        messages.encode(messages.Ping()),
        bytes(1001),
    ):
        world.give(connection, frame)
    assert world.core.counters == {"malformed frames": 5, "oversized frames": 1}
    world.backend.finish("j")
    world.wait(1)
    assert len(job.results) == 1


def test_two_submissions_of_one_id_share_one_result():
    world = World()
    first, second = world.submit("j"), world.submit("j")
    world.wait(2)
    world.backend.finish("j")
    world.wait(1)
    assert len(first.results) == len(second.results) == 1
    assert world.backend.runs["j"] == 1


def test_closing_ends_every_job_and_later_ones_at_once():
    world = World()
    sent, held = world.submit("sent"), world.submit("held", environment=("docker", "java"))
    world.wait(2)
    world.close()
    late = world.submit("late")
    assert all(
        job.results == [(("crash", UNAVAILABLE), 0, {}, {}, {}, None)] for job in (sent, held, late)
    )
    assert not world.connections


def queue_requests(world, seconds):
    """Return the number of requests for the queue within that time."""
    asked = 0
    receive = world.backend.receive

    def counting(identity, frame):
        nonlocal asked
        asked += isinstance(messages.decode(frame, messages.FROM_CLIENT), messages.ClientGetQueue)
        receive(identity, frame)

    world.backend.receive = counting
    world.wait(seconds)
    world.backend.receive = receive
    return asked


def test_the_queue_is_asked_for_often_only_while_a_job_of_ours_waits():
    world = World(queue_update_s=10)
    world.wait(5)
    assert 2 <= queue_requests(world, 30) <= 4
    world.submit("j")
    assert 28 <= queue_requests(world, 30) <= 32
    world.backend.start("j")
    world.wait(2)
    assert 2 <= queue_requests(world, 30) <= 4


def test_without_queue_updates_the_queue_is_asked_for_only_when_a_job_may_be_lost():
    world = World(queue_update_s=0, recheck_s=30)
    world.wait(5)
    assert queue_requests(world, 60) == 0
    world.submit("j")
    assert queue_requests(world, 25) == 0
    assert queue_requests(world, 60) == 2


def test_a_missing_answer_does_not_end_the_asking():
    world = World(queue_update_s=10)
    world.submit("j")
    world.wait(3)
    receive = world.backend.receive
    world.backend.receive = lambda identity, frame: (
        None
        if isinstance(messages.decode(frame, messages.FROM_CLIENT), messages.ClientGetQueue)
        else receive(identity, frame)
    )
    world.wait(3)
    world.backend.receive = receive
    assert queue_requests(world, 20) > 10


def test_a_pause_of_our_own_is_not_the_backends_silence():
    world = World()
    sent, held = world.submit("sent"), world.submit("held", environment=("docker", "java"))
    world.wait(5)
    world.now += 3600  # a cell that held the loop, or a suspended laptop
    world.core.tick(world.now)
    world._carry_out()
    assert world.core.connection(world.now).state == "connected"
    assert not sent.results
    assert not held.results
    world.backend.finish("sent")
    world.wait(2)
    assert len(sent.results) == 1
