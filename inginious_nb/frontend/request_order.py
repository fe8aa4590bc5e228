"""The order of the requests of one channel, which are answered on several threads.

Of two that set the same thing the later one prevails, and what is asked after it sees it. All
others begin at once: one that waits for a site or a disk holds up none that need not follow it.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from concurrent.futures import Executor


class RequestOrder:
    """The requests of one channel that are under way.

    No thread waits for another request: each is given to the executor by the one it waited for.

    Args:
        executor: Where they are answered.
        order: The earlier requests that one follows, by kind; under "" what any other follows.
    """

    def __init__(self, executor: Executor, order: Mapping[str, Collection[str]]) -> None:
        self._executor = executor
        self._order = order
        self._lock = threading.Lock()
        self._under_way: dict[Future[None], str | None] = {}

    def add(self, request: object, answer: Callable[[], object]) -> Future[None]:
        """Answer a request once those before it that it follows are answered; returns at once.

        Args:
            request: The request, of which nothing was checked.
            answer: Answers it, on a thread of the executor.

        Returns:
            What is done once it is answered, or has failed.
        """
        kind = str(request.get("kind")) if isinstance(request, dict) else ""
        follows = self._order.get(kind, self._order[""])
        return self._add(kind, lambda earlier: earlier is None or earlier in follows, answer)

    def add_last(self, call: Callable[[], object]) -> Future[None]:
        """Call once all requests before are answered; those to come follow it."""
        return self._add(None, lambda _earlier: True, call)

    def _add(
        self, kind: str | None, follows: Callable[[str | None], bool], answer: Callable[[], object]
    ) -> Future[None]:
        added: Future[None] = Future()
        with self._lock:
            followed = [earlier for earlier, its in self._under_way.items() if follows(its)]
            self._under_way[added] = kind
        added.add_done_callback(self._remove)
        self._begin_after(followed, added, answer)
        return added

    def _remove(self, answered: Future[None]) -> None:
        with self._lock:
            del self._under_way[answered]

    def _begin_after(
        self, followed: list[Future[None]], added: Future[None], answer: Callable[[], object]
    ) -> None:
        """Begin once all that it follows are done, of which the last one gets here without any."""
        if followed:
            earlier = followed.pop()
            earlier.add_done_callback(lambda _: self._begin_after(followed, added, answer))
            return
        try:
            self._executor.submit(_answer, added, answer)
        except RuntimeError:  # no thread begins any more at the end: it is answered on this one
            _answer(added, answer)


def _answer(added: Future[None], answer: Callable[[], object]) -> None:
    try:
        answer()
    except BaseException as error:  # noqa: BLE001 - as an executor does: whoever waits goes on
        added.set_exception(error)
    else:
        added.set_result(None)
