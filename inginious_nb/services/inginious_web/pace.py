"""The pace at which a site is asked for a result: often at first, seldom later.

A whole class submits at once, so no two wait equally long.
"""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """The pace at which a site is asked.

    Attributes:
        first_s: Seconds before the first check.
        max_s: Seconds between two checks after a while.
        growth: How much longer each wait is than the one before.
        jitter: The share by which a wait differs by chance, so that a class does not ask at once.
        give_up_s: Seconds without any answer after which a submission is given up.
    """

    first_s: float = 0.5
    max_s: float = 3.0
    growth: float = 1.4
    jitter: float = 0.2
    give_up_s: float = 3600.0

    def waits(self) -> Waits:
        """Return the waits of one submission."""
        return Waits(self)


class Waits:
    """The waits of one submission, each longer than the one before.

    Args:
        pace: How long they are.
    """

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._next_s = pace.first_s

    def reset(self) -> None:
        """Begin with the shortest again."""
        self._next_s = self._pace.first_s

    def next(self, at_least_s: float = 0.0) -> float:
        """Return the next, in seconds."""
        wait = self._next_s * random.uniform(1 - self._pace.jitter, 1 + self._pace.jitter)
        self._next_s = min(self._next_s * self._pace.growth, self._pace.max_s)
        return max(wait, at_least_s)
