"""Recovery from a refused routing id, and from a connection that is unresponsive."""

from __future__ import annotations

import pytest

from tests.support.model_backend import World


def test_a_routing_id_refused_for_a_moment_is_tried_again_and_kept():
    world = World()
    job = world.submit("j")
    world.wait(2)
    world.make_unresponsive()
    world.wait(6)
    world.forget_dead_connections()
    world.wait(10)
    (connection,) = world.connections.values()
    assert connection.routing_id == b"id-0"
    world.backend.finish("j")
    world.wait(1)
    assert len(job.results) == 1
    assert world.backend.runs["j"] == 1


def test_a_routing_id_refused_for_good_is_given_up_and_its_jobs_still_get_results():
    world = World()
    waiting, running = world.submit("waiting"), world.submit("running")
    world.wait(2)
    world.backend.start("running")
    world.wait(1)
    world.make_unresponsive()
    world.wait(30)
    (connection,) = world.connections.values()
    assert connection.routing_id != b"id-0"
    assert world.backend.jobs["waiting"][0] == connection.routing_id
    world.backend.finish("running")
    world.wait(25)
    assert world.backend.jobs["running"][0] == connection.routing_id
    world.backend.finish("waiting")
    world.backend.finish("running")
    world.wait(2)
    assert [job.results[0][0][0] for job in (waiting, running)] == ["success", "success"]


def test_a_routing_id_that_was_never_accepted_is_given_up_and_jobs_go_on_under_another():
    world = World()
    world.identities[b"id-0"] = 0  # the backend believes in the connection of an earlier kernel
    world.wait(30)
    job = world.submit("j")
    world.wait(2)
    assert world.backend.jobs["j"][0] != b"id-0"
    world.backend.finish("j")
    world.wait(1)
    assert [result.result[0] for result in job.results] == ["success"]


@pytest.mark.parametrize("after_s", range(1, 14))
def test_a_job_submitted_while_the_routing_id_is_being_given_up_goes_under_the_next(after_s):
    world = World()
    world.wait(2)
    world.make_unresponsive()
    world.wait(after_s)
    job = world.submit("j")
    world.wait(30)
    world.backend.finish("j")
    world.wait(1)
    assert [result.result[0] for result in job.results] == ["success"]


def test_a_large_frame_on_a_slow_line_is_not_taken_for_a_dead_connection():
    world = World(unresponsive_after_s=180)
    job = world.submit("j")
    world.wait(2)
    world.backend.finish("j")
    world._route()
    number = world.core.connections.current.number
    result = world.connections[number].to_client.popleft()
    world.make_unresponsive(noticed=False)  # for as long as the result takes to arrive
    world.wait(120)
    assert world.core.connection(world.now).state == "silent"
    world.connections[number].unresponsive = False
    world.give(number, result)
    world.wait(5)
    assert world.core.connections.current.number == number
    assert len(job.results) == 1
    assert world.backend.runs["j"] == 1


def test_a_connection_that_swallows_everything_is_given_up_in_the_end():
    world = World(unresponsive_after_s=60)
    job = world.submit("j")
    world.wait(2)
    world.make_unresponsive(noticed=False)
    world.wait(60)
    world.forget_dead_connections()
    world.wait(10)
    assert world.core.connection(world.now).state == "connected"
    world.backend.finish("j")
    world.wait(2)
    assert len(job.results) == 1
