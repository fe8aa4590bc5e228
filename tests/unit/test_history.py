"""The history: nothing that was submitted is ever gone, whoever writes at the same time."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
import threading

import pytest

from inginious_nb.client.results import JobResult
from inginious_nb.errors import HistoryError
from inginious_nb.i18n import Message, in_language
from inginious_nb.notebook.sources import AnswerSource
from inginious_nb.submissions.history import History, evaluated


@pytest.fixture
def history(tmp_path):
    history = History(tmp_path / "deep" / "history.sqlite")
    yield history
    history.close()


def add(history, submission_id="s1", task_id="fib", **changes):
    fields = {
        "submission_id": submission_id,
        "course_id": "demo",
        "task_id": task_id,
        "username": "ada",
        "origin": "api",
        "backend": "embedded",
        "inputdata": {"fib": "x", "@username": "ada"},
    }
    return history.add(**(fields | changes))


def result(code="success", grade=100.0, **more):
    return JobResult((code, "text"), grade, **more)


def test_a_submission_comes_back_as_it_was_sent(history):
    answers = {"f": {"filename": "a.bin", "value": b"\0\xff"}, "mc": ["0", "2"], "@lang": "fr"}
    source = AnswerSource("f", "cell", "cell 3: x", ("id3",), 12.5)
    kept = add(history, inputdata=answers, sources=(source,))
    read = history.get("s1")
    assert read == kept
    assert read.answers == {key: answers[key] for key in ("f", "mc")}
    assert read.inputdata["@attempts"] == "1"
    assert read.sources == (source,)
    assert not read.finished


def test_where_an_answer_was_read_is_kept_for_readers_of_any_language(tmp_path, history):
    place = Message("cells {numbers}", one="cell {numbers}", n=2, numbers="[1], [2]")
    label = Message("{place}: {first_line}", place=place, first_line="x = {1}")
    add(history, sources=(AnswerSource("fib", "cell", label, ("id3",), 12.5),))
    later = History(tmp_path / "deep" / "history.sqlite")
    (source,) = later.get("s1").sources
    later.close()
    assert source.label == "cells [1], [2]: x = {1}"
    assert in_language(source.label, "fr") == "cellules [1], [2]\u00a0: x = {1}"


def test_a_result_comes_back_with_all_it_had(history):
    add(history)
    outcome = result(
        problems={"fib": ("failed", "no")},
        tests={"t": True},
        custom={"k": (1, 2.5)},
        archive=b"\x1f\x8b",
        state="s",
        stdout="out",
        stderr=None,
    )
    history.finish("s1", outcome)
    read = history.get("s1").outcome
    assert read == outcome
    assert (read.state, read.stdout, read.stderr) == ("s", "out", None)


def test_attempts_are_counted_per_user_and_task(history):
    numbers = [
        add(history, "a").number,
        add(history, "b").number,
        add(history, "c", task_id="quiz").number,
        add(history, "d", username="bob").number,
    ]
    assert numbers == [1, 2, 1, 1]
    assert [attempt.id for attempt in history.attempts("demo", "fib", "ada")] == ["b", "a"]


def left(history):
    return [attempt.id for attempt in history.left_behind("ada")]


def test_what_nobody_waits_for_any_more_is_left_behind_until_it_is_repeated(history):
    add(history, "lost")
    add(history, "graded")
    history.finish("graded", result())
    assert left(history) == []  # this very process waits for it
    history.keep_alive(["lost"], 0.0)
    assert left(history) == ["lost"]
    add(history, "again")
    history.supersede("lost", "again")
    assert left(history) == []
    assert history.get("lost") is not None


def test_a_damaged_row_is_left_out_and_harms_no_other(history):
    add(history, "good")
    add(history, "bad")
    with sqlite3.connect(history.path) as file:
        file.execute("UPDATE submission SET inputdata = x'93' WHERE id = 'bad'")
    assert [attempt.id for attempt in history.recent("ada")] == ["good"]
    assert add(history, "next").number == 3


def test_the_best_counts_or_the_last(history):
    for name, grade in (("a", 40.0), ("b", 90.0), ("c", 90.0), ("d", 10.0)):
        add(history, name)
        history.finish(name, result("failed", grade))
    add(history, "waiting")
    attempts = history.attempts("demo", "fib", "ada")
    assert evaluated(attempts, "best").id == "c"
    assert evaluated(attempts, "last").id == "d"
    assert evaluated([], "best") is None


@pytest.mark.parametrize("code", ["crash", "killed"])
def test_what_gave_no_opinion_does_not_count(history, code):
    add(history, "a")
    history.finish("a", result("success", 80.0))
    add(history, "b")
    history.finish("b", result(code, 0.0))
    assert evaluated(history.attempts("demo", "fib", "ada"), "last").id == "a"


def test_the_file_is_for_its_owner_alone(history):
    assert stat.S_IMODE(history.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(history.path.parent.stat().st_mode) == 0o700


def test_a_file_that_others_could_read_is_closed_to_them(tmp_path):
    path = tmp_path / "history.sqlite"
    path.touch(mode=0o644)
    History(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_submission_survives_the_death_of_its_process(tmp_path):
    path = tmp_path / "history.sqlite"
    program = f"""
import os, pathlib, signal
from inginious_nb.submissions.history import History
History(pathlib.Path({str(path)!r})).add(
    submission_id="s", course_id="c", task_id="t", username="u", origin="api", backend="embedded",
    inputdata={{"q": "my answer"}},
)
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", program], check=False)
    history = History(path)
    assert history.left_behind("u")[0].answers == {"q": "my answer"}
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
    attempts = histories[0].attempts("demo", "fib", "ada")
    assert [attempt.number for attempt in attempts] == list(range(50, 0, -1))
    for history in histories:
        history.close()


@pytest.mark.parametrize("answer", [lambda: 0, "\ud800", 2**70])
def test_an_answer_that_cannot_be_kept_is_refused_and_nothing_is_written(history, answer):
    with pytest.raises(HistoryError, match="cannot be kept"):
        add(history, inputdata={"q": answer})
    assert history.recent("ada") == []


def test_a_file_that_is_no_history_is_refused_with_the_way_out(tmp_path):
    path = tmp_path / "history.sqlite"
    path.write_text("this is not a database, but it is long enough to be taken for one" * 20)
    with pytest.raises(HistoryError, match="INGINIOUS_HISTORY"):
        History(path)
