"""ClientSync: runs a job and waits for its result, on any thread."""

from __future__ import annotations

import asyncio
import math
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Literal

from inginious_nb.errors import UsageError

from .results import taking_nine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .client import Client
    from .encoder import SendableTask
    from .results import JobResult

_POLL_INTERVAL_S = 0.2
"""A waiting thread wakes up this often: Ctrl-C needs it where locks cannot be interrupted."""


class ClientSync:
    """A wrapper of a `Client` that runs jobs synchronously.

    A thread that does not run the client's loop simply waits. On that very loop waiting would stop
    what is waited for: there the loop goes on inside the call, by nest-asyncio2
    (docs/decisions/0012-a-loop-is-patched-in-one-place.md).

    A loop that does not run is run until the result is there. One that a thread of its own is to
    run has to run by then: nobody can tell that it is about to.

    Args:
        client: A started client.
        timeout_s: How long to wait for a result; None for as long as it takes.
        abandoned: What happens to a job that nobody waits for any more, after the time limit or
            Ctrl-C. "kill", the default: its result could not reach anybody, and it would keep
            others waiting. "leave": it goes on, for what it does besides giving a result.
    """

    def __init__(
        self,
        client: Client,
        *,
        timeout_s: float | None = None,
        abandoned: Literal["kill", "leave"] = "kill",
    ) -> None:
        self._client = client
        self._timeout_s = timeout_s
        self._abandoned = abandoned

    def new_job(
        self,
        priority: int,
        task: SendableTask,
        inputdata: Mapping[str, Any],
        launcher_name: str = "Unknown",
        debug: bool | str = False,
    ) -> JobResult:
        """Run a job and wait for its result; Ctrl-C ends the wait at once.

        Returns:
            ``(result, grade, problems, tests, custom, archive)``, with state, stdout and stderr
            as attributes.

        Raises:
            TimeoutError: The time limit has passed.
            UsageError: The client was not started; or its loop is closed, or does not run while
                another one runs in this thread; or this is its own running loop and of a kind that
                cannot be run further from within (uvloop): ``await client.submit(…)`` there.
        """
        loop = self._client.loop
        if loop is None or not self._client.started:
            raise UsageError("The client was not started: call its start() first.")
        if loop.is_closed():
            raise UsageError("The client's loop is closed; make a new client on another loop.")
        running = asyncio._get_running_loop()  # noqa: SLF001 - documented for low-level code
        here = running is loop
        if here:
            _let_run_further(loop)
        elif running is not None and not loop.is_running():
            raise UsageError(
                "The client's loop does not run, and cannot be run here where another one does: "
                "run it in a thread of its own, or make the client on this one and await "
                "client.submit(…)."
            )
        future: Future[JobResult] = Future()
        job_id = self._client.new_job(
            priority, task, inputdata, taking_nine(future.set_result), launcher_name, debug
        )
        try:
            if here or not loop.is_running():
                return loop.run_until_complete(_result_on_loop(future, self._timeout_s))
            return _result_in_thread(future, self._timeout_s)
        except BaseException:
            if job_id is not None and self._abandoned == "kill":
                self._client.kill_job(job_id)
                if not (here or loop.is_running() or loop.is_closed()):
                    loop.run_until_complete(asyncio.sleep(0))  # a turn, in which it leaves
            raise


async def _result_on_loop(future: Future[JobResult], timeout_s: float | None) -> JobResult:
    # Not wait_for, which would cancel what the client is going to resolve.
    done, _ = await asyncio.wait({asyncio.wrap_future(future)}, timeout=timeout_s)
    if not done:
        raise _no_result(timeout_s)
    return done.pop().result()


def _result_in_thread(future: Future[JobResult], timeout_s: float | None) -> JobResult:
    ends_at = math.inf if timeout_s is None else time.monotonic() + timeout_s
    while True:
        try:
            return future.result(min(_POLL_INTERVAL_S, ends_at - time.monotonic()))
        except TimeoutError:
            if time.monotonic() >= ends_at:
                raise _no_result(timeout_s) from None


def _no_result(timeout_s: float | None) -> TimeoutError:
    return TimeoutError(f"There was no result within {timeout_s} s.")


def _let_run_further(loop: asyncio.AbstractEventLoop) -> None:
    import nest_asyncio2  # noqa: PLC0415 - it patches asyncio, so only when nothing else helps

    try:
        nest_asyncio2.apply(loop)
    except ValueError as error:
        raise UsageError(
            "ClientSync cannot wait on this kind of loop while it runs; await client.submit(…)."
        ) from error
