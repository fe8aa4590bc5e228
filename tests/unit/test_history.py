"""The history: nothing that was submitted is ever gone, whoever writes at the same time."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from inginious_nb.cli import tables
from inginious_nb.errors import HistoryError, UsageError
from inginious_nb.i18n import Message, in_language
from inginious_nb.notebook.sources import AnswerSource
from inginious_nb.submissions.history import History
from inginious_nb.submissions.record import evaluated
from tests.support.histories import add, ids, opened, result


def test_a_submission_comes_back_as_it_was_sent(history):
    answers = {"f": {"filename": "a.bin", "value": b"\0\xff"}, "mc": ["0", "2"], "@lang": "fr"}
    source = AnswerSource("f", "cell", "cell 3: x", ("id3",), 12.5)
    kept = add(history, inputdata=answers, sources=(source,))
    assert history.get("s1") == kept
    assert history.answers("s1") == {key: answers[key] for key in ("f", "mc")}
    assert history.inputdata("s1")["@attempts"] == "1"
    assert history.sources("s1") == (source,)
    assert not kept.finished


def test_where_an_answer_was_read_is_kept_for_readers_of_any_language(tmp_path, history):
    place = Message.plural("cell {numbers}", "cells {numbers}", n=2, numbers="[1], [2]")
    label = Message("{place}: {first_line}", place=place, first_line="x = {1}")
    add(history, sources=(AnswerSource("fib", "cell", label, ("id3",), 12.5),))
    later = History(tmp_path / "deep" / "history.sqlite")
    (source,) = later.sources("s1")
    later.close()
    assert source.label == "cells [1], [2]: x = {1}"
    assert in_language(source.label, "fr") == "cellules [1], [2]\u00a0: x = {1}"


def test_a_result_comes_back_with_all_it_had(history):
    add(history)
    came = result(
        problems={"fib": ("failed", "no")},
        tests={"t": True},
        custom={"k": (1, 2.5)},
        archive=b"\x1f\x8b",
        state="s",
        stdout="out",
        stderr=None,
    )
    history.finish("s1", came)
    read = history.result("s1")
    assert read[:5] == came[:5]
    assert (read.state, read.stdout, read.stderr) == ("s", "out", None)
    assert read.archive is None  # megabytes, loaded when somebody asks for them
    assert history.archive("s1") == b"\x1f\x8b"
    assert history.archive_bytes("s1") == 2


def test_submissions_are_counted_per_user_and_task(history):
    numbers = [
        add(history, "a").number,
        add(history, "b").number,
        add(history, "c", task_id="quiz").number,
        add(history, "d", username="bob").number,
    ]
    assert numbers == [1, 2, 1, 1]
    assert ids(history.of_task("demo", "fib", "ada")) == ["b", "a"]


def test_a_submission_is_found_by_the_beginning_of_its_id(history):
    add(history, "abc")
    add(history, "a%c")
    assert history.find("ada", "a%").id == "a%c"
    assert history.find("ada", "abc").id == "abc"
    with pytest.raises(UsageError, match="no submission “x”"):
        history.find("ada", "x")


def test_what_nobody_waits_for_any_more_is_orphaned_until_it_is_repeated(history):
    add(history, "lost")
    add(history, "graded")
    history.finish("graded", result())
    assert history.orphaned("ada") == []  # this very process waits for it
    history.keep_alive(["lost"], 0.0)
    history.keep_alive(["lost"], time.time())  # by a thread that had not heard of it
    assert ids(history.orphaned("ada")) == ["lost"]
    add(history, "again", repeats="lost")
    assert history.orphaned("ada") == []
    assert history.get("lost") is not None
    with pytest.raises(UsageError, match="still under way"):
        add(history, "third", repeats="lost")
    with pytest.raises(UsageError, match="had arrived"):
        add(history, "fourth", repeats="graded")
    assert history.get("third") is None
    assert history.get("fourth") is None


def test_of_several_kernels_one_repeats_an_orphaned_submission(tmp_path):
    histories = [History(tmp_path / "history.sqlite") for _ in range(4)]
    add(histories[0], "lost")
    barrier, refused = threading.Barrier(4), []

    def repeat(number):
        barrier.wait()
        try:
            add(histories[number], f"again-{number}", repeats="lost")
        except UsageError:
            refused.append(f"again-{number}")

    threads = [threading.Thread(target=repeat, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 3
    (again,) = set(ids(histories[0].recent("ada"))) - {"lost"}
    assert histories[0].get("lost").repeated_by == again
    for history in histories:
        history.close()


NO_TEXT = b"A\xffB"


def damage(history, table, column, value, submission_id="bad"):
    key = "id" if table == "submission" else "submission_id"
    given = "CAST(? AS TEXT)" if value is NO_TEXT else "?"
    with opened(history.path) as file:
        file.execute(
            f"UPDATE {table} SET {column} = {given} WHERE {key} = ?", (value, submission_id)
        )


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("answers", "inputdata", b"\x93"),
        ("answers", "inputdata", b"\xc0"),
        ("answers", "sources", b"\x91\xc0"),
        ("result", "content", b"\x93"),
        ("result", "content", b"\xc0"),
        ("submission", "submitted_at", "yesterday"),
        ("submission", "alive_at", b"?"),
        ("submission", "finished_at", "soon"),
        ("submission", "owner", "nobody"),
        ("submission", "grade", "good"),
        ("submission", "number", "first"),
        ("submission", "number", 2**63 - 1),
        ("submission", "submitted_at", float("inf")),
        ("submission", "submitted_at", 1e300),
        ("submission", "finished_at", -1e18),
        ("submission", "alive_at", float("inf")),
        ("submission", "owner", b"\xff"),
        ("submission", "code", b"\xff"),
        ("submission", "origin", NO_TEXT),
        ("submission", "owner", NO_TEXT),
        ("submission", "submitted_at", NO_TEXT),
    ],
)
def test_a_damaged_row_harms_no_other(history, table, column, value):
    add(history, "good")
    history.finish("good", result())
    add(history, "bad", sources=(AnswerSource("fib", "cell", "x"),))
    if table == "result":
        history.finish("bad", result())
    damage(history, table, column, value)
    assert "good" in ids(history.recent("ada"))
    assert "good" in ids(history.of_task("demo", "fib", "ada"))
    for record in (*history.recent("ada"), *history.orphaned("ada")):
        tables.when(record.submitted_at)
    assert history.answers("good") == {"fib": "x"}
    history.answers("bad"), history.sources("bad"), history.result("bad")
    assert add(history, "next").number >= 2
    assert history.warning is None


def test_the_best_counts_or_the_last(history):
    for name, grade in (("a", 40.0), ("b", 90.0), ("c", 90.0), ("d", 10.0)):
        add(history, name)
        history.finish(name, result("failed", grade))
    add(history, "waiting")
    records = history.of_task("demo", "fib", "ada")
    assert evaluated(records, "best").id == "c"
    assert evaluated(records, "last").id == "d"
    assert evaluated([], "best") is None


@pytest.mark.parametrize("code", ["crash", "killed"])
def test_what_has_no_grade_does_not_count(history, code):
    add(history, "a")
    history.finish("a", result("success", 80.0))
    add(history, "b")
    history.finish("b", result(code, 0.0))
    assert evaluated(history.of_task("demo", "fib", "ada"), "last").id == "a"


def test_a_submission_survives_the_death_of_its_process(tmp_path):
    path = tmp_path / "history.sqlite"
    program = f"""
import os, pathlib, signal
from inginious_nb.submissions.history import History
History(pathlib.Path({str(path)!r})).add(
    submission_id="s", course_id="c", task_id="t", username="u", origin="api", service="embedded",
    inputdata={{"q": "my answer"}},
)
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", program], check=False)
    history = History(path)
    assert ids(history.orphaned("u")) == ["s"]
    assert history.answers("s") == {"q": "my answer"}
    history.close()


def test_two_kernels_may_write_at_the_same_time(tmp_path):
    path = tmp_path / "history.sqlite"
    histories = [History(path), History(path)]

    def write(index):
        for count in range(25):
            add(histories[index], f"{index}-{count}")

    threads = [threading.Thread(target=write, args=(index,)) for index in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    records = histories[0].of_task("demo", "fib", "ada")
    assert [record.number for record in records] == list(range(50, 0, -1))
    for history in histories:
        history.close()


@pytest.mark.parametrize("answer", [lambda: 0, "\ud800", 2**70])
def test_an_answer_that_cannot_be_kept_is_refused_and_nothing_is_written(history, answer):
    with pytest.raises(HistoryError, match="cannot be kept"):
        add(history, inputdata={"q": answer})
    assert history.recent("ada") == []


def test_a_list_reads_no_answers_and_no_archives(monkeypatch, history):
    add(history, "s")
    history.finish("s", result(archive=b"tgz"))
    read = []
    history._file._connection.set_trace_callback(read.append)
    history.of_task("demo", "fib", "ada")
    history.recent("ada")
    history.orphaned("ada")
    assert not [statement for statement in read if "FROM submission" not in statement]
