"""The client's looks at the queue: how often, what a late answer proves, and orphaned jobs."""

from __future__ import annotations

from collections import Counter

import pytest

from inginious_nb import messages
from tests.support.model_backend import ModelBackend, World


def sent_to(world, seconds):
    """Return the number of messages of each kind that reach the backend within that time."""
    sent = Counter()
    receive = world.backend.receive

    def counting(identity, frame):
        sent[type(messages.decode(frame, messages.FROM_CLIENT))] += 1
        receive(identity, frame)

    world.backend.receive = counting
    world.wait(seconds)
    world.backend.receive = receive
    return sent


@pytest.mark.parametrize("latency_s", [2, 5, 8, 12, 16, 20, 25])
@pytest.mark.parametrize("queue_update_s", [10, 0])
def test_late_answers_are_no_reason_to_send_a_job_twice(latency_s, queue_update_s):
    world = World(queue_update_s=queue_update_s)
    world.wait(2)
    world.latency_s = latency_s
    jobs = []
    for number in range(49):
        jobs.append(world.submit(f"j{number}"))
        world.wait(1)
    world.wait(60)
    assert [job.kinds().count("JobSent") for job in jobs] == [1] * 49
    for number in range(49):
        world.backend.finish(f"j{number}")
    world.wait(2)
    assert all([result[0][0] for result in job.results] == ["success"] for job in jobs)


@pytest.mark.parametrize("latency_s", [0, 8])
def test_a_lost_job_is_found_although_answers_were_lost_before(latency_s):
    world = World()
    world.submit("first")
    world.wait(2)
    world.latency_s = latency_s
    for _ in range(4):  # nobody notices that the queue's answers are among what is lost
        world.wait(3)
        world.lose_what_is_under_way(noticed=False)
    job = world.submit("j")
    world.lose_what_is_under_way(noticed=False)
    world.wait(90)
    assert job.kinds().count("JobSent") == 2
    assert "j" in world.backend.jobs


def test_a_stall_with_jobs_submitted_meanwhile_sends_each_once():
    world = World()
    jobs = [world.submit("before")]
    world.wait(3)
    world.stalled = True
    for number in range(300):
        world.wait(1)
        if number % 30 == 0:
            jobs.append(world.submit(f"j{number}"))
    world.stalled = False
    world.wait(30)
    assert [job.kinds().count("JobSent") for job in jobs] == [1] * len(jobs)


def another_id(world):
    """The routing id is refused for good: the client goes on with another."""
    world.make_unresponsive()
    world.wait(30)
    (connection,) = world.connections.values()
    assert connection.routing_id != b"id-0"
    return connection.routing_id


def test_an_orphaned_job_is_asked_about_no_more_often_than_any_other():
    world = World(ModelBackend(gone=set()))
    world.submit("j")
    world.wait(2)
    another_id(world)
    sent = sent_to(world, 60)
    assert world.backend.jobs["j"][0] == b"id-0"
    assert sent[messages.ClientGetQueue] <= 62
    assert sent[messages.ClientKillJob] <= 1
    assert sent[messages.ClientNewJob] <= 8


@pytest.mark.parametrize("queue_update_s", [10, 0])
def test_a_broker_that_lets_a_job_be_taken_over_is_asked_for_it(queue_update_s):
    backend = ModelBackend(gone=set())
    world = World(backend, queue_update_s=queue_update_s)
    job = world.submit("j")
    world.wait(2)
    ours = another_id(world)
    backend.gone.add(b"id-0")
    world.wait(40)
    assert backend.jobs["j"][0] == ours
    backend.finish("j")
    world.wait(2)
    assert [result[0][0] for result in job.results] == ["success"]
    assert backend.runs["j"] == 1


def test_an_orphaned_job_that_is_killed_is_killed_once_it_is_ours_again():
    backend = ModelBackend(gone=set())
    world = World(backend)
    job = world.submit("j")
    world.wait(2)
    another_id(world)
    world.kill("j")
    world.wait(3)
    assert "j" in backend.jobs
    backend.gone.add(b"id-0")
    world.wait(90)
    assert "j" not in backend.jobs
    assert [result[0][0] for result in job.results] == ["killed"]


def sent_now(world):
    """Carry to the backend what is under way to it, and no answer back."""
    connection = world.connections[world.core.connections.current.number]
    while connection.to_backend:
        world.backend.receive(connection.routing_id, connection.to_backend.popleft()[1])


def test_an_answer_from_before_a_job_was_sent_is_no_reason_to_kill_it():
    backend = ModelBackend(gone={b"old"})
    world = World(backend)
    world.wait(2)
    backend.jobs["j"] = [b"old", False]  # of an earlier kernel, whose id the broker holds for gone
    world.core._ask_for_queue(world.now)
    world._carry_out()
    sent_now(world)  # the answer, by which the job is not ours, is under way
    job = world.submit("j", chosen_id=True)
    sent_now(world)
    assert backend.jobs["j"][0] == b"id-0"
    sent = sent_to(world, 10)
    assert sent[messages.ClientKillJob] == sent[messages.ClientNewJob] == 0
    assert job.kinds().count("JobSent") == 1


def test_a_job_that_was_taken_over_and_ends_in_a_crash_runs_once():
    backend = ModelBackend(gone=set())
    world = World(backend)
    world.wait(2)
    backend.jobs["j"] = [b"old", False]
    job = world.submit("j", chosen_id=True)
    world.wait(3)
    backend.gone.add(b"old")
    for _ in range(40):
        world.wait(1)
        if backend.jobs["j"][0] == b"id-0":
            break
    backend.start("j")
    world.wait(5)
    backend.finish("j", result=("crash", "the grader said nothing"), stdout="")
    world.wait(5)
    assert [result.result for result in job.results] == [("crash", "the grader said nothing")]
    assert backend.runs["j"] == 1


@pytest.mark.parametrize("queue_update_s", [10, 0])
def test_a_backend_without_that_has_it_killed_and_sent_anew(queue_update_s):
    world = World(queue_update_s=queue_update_s)
    job = world.submit("j")
    world.wait(2)
    ours = another_id(world)
    world.wait(5)
    assert world.backend.jobs["j"][0] == ours
    assert job.kinds().count("JobSent") == 2
    world.backend.finish("j")
    world.wait(2)
    assert [result[0][0] for result in job.results] == ["success"]
    assert world.backend.runs["j"] == 1
