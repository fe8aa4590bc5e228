"""Waiting for what tells nobody when it comes."""

from __future__ import annotations

import asyncio


async def until(condition, timeout_s=30):
    """Return once the condition holds; fail after the time limit."""
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.005)
