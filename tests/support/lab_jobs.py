"""Jobs for the tasks of the course `lab` (courses.py), as a client sends them."""

from __future__ import annotations

from inginious_nb import messages

from .broker_site import a_job


def a_word(**changes):
    problems = {"word": {"type": "match", "answer": "rose"}}
    fields = {"course_id": "lab", "task_id": "choice", "inputdata": {"word": "rose"}}
    return a_job(task_problems=problems, **(fields | changes))


def a_script(job_id="s", **changes):
    fields = {
        "course_id": "lab",
        "task_id": "echo",
        "inputdata": {"text": "right", "@state": "", "@lang": "en", "@attempts": "1"},
        "environment_type": "docker",
        "environment": "default",
        "environment_parameters": {"run_cmd": None},
    }
    return a_job(job_id, **(fields | changes))


async def until_offered(client, *kinds):
    """Wait until agents offer those kinds of environments."""
    await client.say(messages.ClientHello("me"))
    while True:
        update = await client.hear_a(messages.BackendUpdateEnvironments)
        if update.available_environments.keys() == set(kinds):
            return


def a_nap(job_id="nap", seconds="60"):
    """A job that runs for that long."""
    return a_script(job_id, task_id="sleep", inputdata={"seconds": seconds, "@state": "before"})
