"""How long results are kept, and how many."""

from __future__ import annotations

from inginious_nb import messages
from inginious_nb.grader.broker.results import KEPT_S, KeptResult, KeptResults


def a_result(job_id, *, owner=b"alice", size=1, finished_at=0.0):
    return KeptResult(job_id, owner, b"digest", b"x" * size, finished_at)


def test_an_undelivered_result_is_taken_once_and_can_still_be_asked_for():
    kept = KeptResults()
    result = a_result("j")
    kept.keep(result)
    assert kept.take_undelivered(b"alice") == []
    kept.mark_undelivered("j")
    assert kept.is_waiting_for(b"alice")
    assert kept.take_undelivered(b"bob") == []
    assert kept.take_undelivered(b"alice") == [result]
    assert kept.take_undelivered(b"alice") == []
    assert not kept.is_waiting_for(b"alice")
    assert kept.get("j") is result


def test_undelivered_results_are_taken_in_the_order_in_which_they_came():
    kept = KeptResults()
    for number in range(5):
        kept.keep(a_result(f"j{number}", finished_at=number))
        kept.mark_undelivered(f"j{number}")
    taken = kept.take_undelivered(b"alice")
    assert [result.job_id for result in taken] == ["j0", "j1", "j2", "j3", "j4"]


def test_delivered_results_make_room_before_undelivered_ones():
    kept = KeptResults(size_limit_bytes=5000)
    for job_id in ("delivered1", "undelivered", "delivered2", "large"):
        kept.keep(a_result(job_id, size=1000))
        if job_id == "undelivered":
            kept.mark_undelivered(job_id)
    assert kept.get("delivered1") is None
    assert kept.get("undelivered") is not None
    assert kept.get("delivered2") is not None
    kept.keep(a_result("huge", size=10_000))
    assert kept.get("huge") is not None  # nobody else could deliver it
    assert not kept.is_waiting_for(b"alice")


def test_archives_make_room_before_undelivered_results():
    kept = KeptResults(size_limit_bytes=300_000)
    for number in range(4):
        done = messages.BackendJobDone(
            job_id=f"j{number}",
            result=("success", "well done"),
            grade=100.0,
            problems={},
            tests={},
            custom={},
            state="",
            archive=b"x" * 100_000,
            stdout=None,
            stderr=None,
        )
        kept.keep(KeptResult(done.job_id, b"alice", b"digest", messages.encode(done), number))
        kept.mark_undelivered(done.job_id)
    found = [
        messages.decode(kept.frame, messages.TO_CLIENT) for kept in kept.take_undelivered(b"alice")
    ]
    assert [(done.job_id, done.grade) for done in found] == [(f"j{n}", 100.0) for n in range(4)]
    assert [done.archive is None for done in found] == [True, True, False, False]


def test_what_was_removed_makes_room():
    kept = KeptResults(size_limit_bytes=5000)
    for _ in range(20):
        kept.keep(a_result("same", size=3000))
        kept.mark_undelivered("same")
    kept.keep(a_result("small"))
    assert kept.get("same") is not None
    assert kept.get("small") is not None


def test_results_expire():
    kept = KeptResults()
    kept.keep(a_result("delivered"))
    kept.keep(a_result("undelivered"))
    kept.mark_undelivered("undelivered")
    kept.expire(KEPT_S)
    assert kept.get("delivered") is not None
    assert kept.is_waiting_for(b"alice")
    kept.expire(KEPT_S + 1)
    assert kept.get("delivered") is None
    assert not kept.is_waiting_for(b"alice")
