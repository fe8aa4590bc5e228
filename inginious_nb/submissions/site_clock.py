"""The difference between the times of a site and those of this machine."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from inginious_nb.course import SiteSubmission

    from .record import SubmissionRecord

_ZONE_STEP_S = 900.0
_SECOND_S = 1.0
"""Sites tell whole seconds."""

_NEXT_S = 0.001
"""The time between two submissions of the same second, of which the site tells only the order."""


def times_here(
    known: Collection[SubmissionRecord], listed: Sequence[SiteSubmission]
) -> dict[str, float]:
    """Return when each submission of a site's list was made, by the clock of this machine.

    Within a second the order of the list tells what came before what.

    Args:
        known: What the history has of the task, also what was submitted here.
        listed: The newest first.
    """
    offset_s = _ahead_s(known, listed)
    kept = {record.remote_id or record.id: record.submitted_at for record in known}
    times: dict[str, float] = {}
    before = -math.inf
    for each in reversed(listed):
        at = kept.get(each.id)
        if at is None:
            at = each.submitted_at - offset_s
            if 0 <= before - at < _SECOND_S:
                at = before + _NEXT_S
        times[each.id] = before = at
    return times


def _ahead_s(known: Iterable[SubmissionRecord], listed: Iterable[SiteSubmission]) -> float:
    """Return by how much a site's times are ahead of ours, for not every site tells its zone.

    Submissions that both know tell it: the site got each between the moments when it was made and
    when its result came here. Zones differ by quarters of an hour, and a clock may be wrong by any
    time.
    """
    ours = {record.remote_id: record for record in known if record.origin != "site"}
    at_least, at_most = -math.inf, math.inf
    for each in listed:
        record = ours.get(each.id)
        if record is None:
            continue
        lower = max(at_least, each.submitted_at - _end(record))
        upper = min(at_most, each.submitted_at - record.submitted_at)
        if lower <= upper:  # else a clock was set since the submission before
            at_least, at_most = lower, upper
    if at_most == math.inf or (at_least <= _SECOND_S and at_most >= -_SECOND_S):
        return 0.0
    zone = math.ceil((at_least - _SECOND_S) / _ZONE_STEP_S) * _ZONE_STEP_S
    return zone if zone <= at_most + _SECOND_S else at_most


def _end(record: SubmissionRecord) -> float:
    """Return when a submission was surely at its site; at once where its end was not heard of."""
    return record.submitted_at if record.finished_at is None else record.finished_at
