"""Waiting for what tells nobody when it comes."""

from __future__ import annotations

import asyncio
import threading

import psutil


async def until(condition, timeout_s=60):
    """Return once the condition holds; fail after the time limit."""
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.005)


def reached(submission, phase, timeout_s=60):
    """Wait until a submission is in a phase, or was for a moment."""
    there = threading.Event()

    def look():
        if submission.phase == phase:
            there.set()

    submission.subscribe(look)
    look()
    assert there.wait(timeout_s), f"{submission} never was {phase}"


def has_ended(pid: int) -> bool:
    """Return whether a process has ended; whoever is to collect it, as process 1, may never do."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
