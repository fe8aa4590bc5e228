"""Each crash says whose fault it is, whoever makes it: a client, the way to a site, a replay."""

from __future__ import annotations

import asyncio
import types

import pytest

from inginious_nb.client.results import UNAVAILABLE, JobResult, with_fault
from inginious_nb.i18n import faults
from inginious_nb.services.inginious_web import failure_texts, failures
from inginious_nb.services.inginious_web.client import WebClient
from inginious_nb.services.inginious_web.pace import Pace
from tests.support.model_backend import ModelBackend, World

TASK = types.SimpleNamespace(
    course_id="lab", id="echo", problems={}, response_is_html=True, get_course_id=lambda: "lab"
)


def without_environment(**world):
    def crash():
        here = World(ModelBackend(**world), environment_wait_s=1)
        job = here.submit("j", environment=("docker", "java"))
        here.wait(3)
        return job.results[0][0]

    return crash


def at_a_site(error, *, close=False):
    """The result of a submission to a site that fails like this."""

    async def crash():
        asked = asyncio.Event()

        async def task_page(_course, _task):
            asked.set()
            if close:
                await asyncio.Event().wait()
            raise error

        there = types.SimpleNamespace(session="s", address="https://x.test", task_page=task_page)
        client = WebClient(there, asyncio.get_running_loop(), pace=Pace(give_up_s=-1))
        job = client.open_job(TASK, {})
        await asked.wait()
        if close:
            client.close()
        return (await job).result

    return lambda: asyncio.run(crash())


SITE = {
    name: at_a_site(kind("The reason."))
    for name, kind in vars(failures).items()
    if isinstance(kind, type) and issubclass(kind, failures.SiteError)
}


@pytest.mark.parametrize(
    "crash",
    [
        *(pytest.param(crash, id=name) for name, crash in SITE.items()),
        *(
            pytest.param(
                at_a_site(failure_texts.of_status("https://x.test", status, {})),
                id=f"HTTP {status}",
            )
            for status in (302, 403, 404, 413, 418, 500, 503)
        ),
        pytest.param(at_a_site(RuntimeError("ours")), id="a fault of ours"),
        pytest.param(at_a_site(None, close=True), id="closed before"),
        pytest.param(without_environment(environments={}), id="no agents"),
        pytest.param(without_environment(environments={"mcq": ("mcq",)}), id="no environment"),
        pytest.param(lambda: with_fault(JobResult(("crash", UNAVAILABLE))).result, id="no backend"),
        pytest.param(
            lambda: with_fault(JobResult(("crash", str(UNAVAILABLE)))).result,
            id="as a site says it",
        ),
    ],
)
def test_a_crash_says_whose_fault_it_is(crash):
    code, text = crash()
    assert code == "crash"
    assert text
    assert faults.told(text) == text
