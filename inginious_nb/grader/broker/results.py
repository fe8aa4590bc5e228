"""Results kept for clients that may not have got them, bounded in time and memory.

The protocol has no receipt for a result. One that could not be delivered waits for its client; one
that was delivered is kept a while too, since it may have been lost on the way when the client's
connection broke, and the client then sends the job again. What a client that is away loses first,
when there is no more room, are the archives of its results; grades go last.
"""

from __future__ import annotations

from dataclasses import dataclass

from inginious_nb import messages
from inginious_nb.errors import RemoteProtocolError

KEPT_S = 24 * 3600.0
"""How long a result waits for its client, or can be asked for again."""

SIZE_LIMIT_BYTES = 64 * 1024 * 1024
"""So much is kept at most: then the delivered ones go first, next archives, the oldest first."""

_LARGE_BYTES = 64 * 1024
"""What is larger may have an archive that is worth dropping."""

_OVERHEAD_BYTES = 512


@dataclass(eq=False, slots=True)
class KeptResult:
    """A result and who it is for; digest tells whether a job sent again is the same one."""

    job_id: str
    owner: bytes
    digest: bytes
    frame: bytes
    finished_at: float

    @property
    def size_bytes(self) -> int:
        """About what it takes to keep it."""
        return len(self.frame) + _OVERHEAD_BYTES

    def drop_archive(self) -> None:
        """Make it smaller: the grade and the feedback stay."""
        try:
            message = messages.decode(self.frame, messages.TO_CLIENT)
        except RemoteProtocolError:
            return
        if isinstance(message, messages.BackendJobDone):
            message.archive = None
            self.frame = messages.encode(message)


class KeptResults:
    """Results by job id; those that wait for their owner also by owner."""

    def __init__(self, size_limit_bytes: int = SIZE_LIMIT_BYTES) -> None:
        self._size_limit_bytes = size_limit_bytes
        self._size_bytes = 0
        self._delivered: dict[str, KeptResult] = {}  # both in the order in which they came
        self._undelivered: dict[str, KeptResult] = {}
        self._large: dict[str, KeptResult] = {}  # undelivered ones whose archive was not dropped
        self._waiting_for: dict[bytes, set[str]] = {}  # owner to ids of the undelivered ones

    def get(self, job_id: str) -> KeptResult | None:
        """Return the result kept for a job."""
        return self._undelivered.get(job_id) or self._delivered.get(job_id)

    def keep(self, result: KeptResult) -> None:
        """Keep a result that is being delivered, instead of an older one for the same job."""
        self._remove(result.job_id)
        self._delivered[result.job_id] = result
        self._size_bytes += result.size_bytes
        while self._size_bytes > self._size_limit_bytes:
            oldest = next(iter(self._delivered))
            if oldest == result.job_id and self._large:
                self._drop_an_archive()
                continue
            if oldest == result.job_id and self._undelivered:
                oldest = next(iter(self._undelivered))
            elif oldest == result.job_id:
                return  # alone and larger than the limit: better one too many than none
            self._remove(oldest)

    def _drop_an_archive(self) -> None:
        result = self._large.pop(next(iter(self._large)))
        self._size_bytes -= result.size_bytes
        result.drop_archive()
        self._size_bytes += result.size_bytes

    def mark_undelivered(self, job_id: str) -> None:
        """Note that a result waits for its owner."""
        result = self._delivered.pop(job_id, None)
        if result is not None:
            self._undelivered[job_id] = result
            if result.size_bytes > _LARGE_BYTES:
                self._large[job_id] = result
            self._waiting_for.setdefault(result.owner, set()).add(job_id)

    def is_waiting_for(self, owner: bytes) -> bool:
        """Return whether any result waits for that client."""
        return owner in self._waiting_for

    def take(self, job_id: str, owner: bytes) -> KeptResult | None:
        """Return a kept result that is being delivered to its owner, maybe a new one."""
        result = self._undelivered.pop(job_id, None)
        if result is not None:
            self._no_longer_waits(result)
            self._delivered[job_id] = result
        else:
            result = self._delivered.get(job_id)
        if result is not None:
            result.owner = owner
        return result

    def take_undelivered(self, owner: bytes) -> list[KeptResult]:
        """Return the results that wait for a client, from now on kept as delivered."""
        ids = self._waiting_for.get(owner)
        if ids is None:
            return []
        taken = [self.take(job_id, owner) for job_id in list(ids)]
        return sorted((r for r in taken if r is not None), key=lambda result: result.finished_at)

    def expire(self, now: float) -> None:
        """Drop what has been kept long enough."""
        for kept in (self._delivered, self._undelivered):
            while kept and now - (oldest := next(iter(kept.values()))).finished_at > KEPT_S:
                self._remove(oldest.job_id)

    def _remove(self, job_id: str) -> None:
        result = self._delivered.pop(job_id, None)
        if result is None:
            result = self._undelivered.pop(job_id, None)
            if result is None:
                return
            self._no_longer_waits(result)
        self._size_bytes -= result.size_bytes

    def _no_longer_waits(self, result: KeptResult) -> None:
        self._large.pop(result.job_id, None)
        ids = self._waiting_for[result.owner]
        ids.remove(result.job_id)
        if not ids:
            del self._waiting_for[result.owner]
