"""The history: nothing that was submitted is ever gone, whoever writes at the same time."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import msgpack
import pytest

from inginious_nb.client.results import JobResult
from inginious_nb.course import SiteSubmission
from inginious_nb.errors import HistoryError, UsageError
from inginious_nb.i18n import Message, in_language
from inginious_nb.notebook.sources import AnswerSource
from inginious_nb.services.account import Account
from inginious_nb.submissions import database
from inginious_nb.submissions.history import History
from inginious_nb.submissions.record import evaluated

ALICE = Account("https://x", "alice")


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
        "service": "embedded",
        "inputdata": {"fib": "x", "@username": "ada"},
    }
    record, _ = history.add(**(fields | changes))
    return record


def result(code="success", grade=100.0, **more):
    return JobResult((code, "text"), grade, **more)


def ids(records):
    return [record.id for record in records]


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
    assert ids(history.orphaned("ada")) == ["lost"]
    assert history.claim("lost", "again")
    assert history.orphaned("ada") == []
    assert history.get("lost") is not None


def test_of_several_kernels_one_repeats_an_orphaned_submission(tmp_path):
    histories = [History(tmp_path / "history.sqlite") for _ in range(4)]
    add(histories[0], "lost")
    barrier, claims = threading.Barrier(4), []

    def claim(number):
        barrier.wait()
        claims.append(histories[number].claim("lost", f"again-{number}"))

    threads = [threading.Thread(target=claim, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claims) == [False, False, False, True]
    for history in histories:
        history.close()


def damage(history, table, column, value, submission_id="bad"):
    key = "id" if table == "submission" else "submission_id"
    with sqlite3.connect(history.path) as file:
        file.execute(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", (value, submission_id))


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
    history.orphaned("ada")
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


# ---- the file ------------------------------------------------------------------------------------


def mode(path):
    return stat.S_IMODE(path.lstat().st_mode)


def test_the_file_is_for_its_owner_alone(history):
    assert mode(history.path) == 0o600
    assert mode(history.path.parent) == 0o700


def a_folder(path):
    path.mkdir(mode=0o755)


def a_text(path):
    path.write_text("this is not a database, but it is long enough to be taken for one" * 20)
    path.chmod(0o644)


def another_database(path):
    with sqlite3.connect(path) as file:
        file.execute("CREATE TABLE recipes (name)")
    path.chmod(0o644)


def a_pipe(path):
    os.mkfifo(path, 0o644)


def a_device(path):
    path.symlink_to("/dev/null")


def a_link_to_a_folder(path):
    folder = path.with_name("folder")
    folder.mkdir(mode=0o755)
    path.symlink_to(folder)


def a_link_to_nowhere(path):
    path.symlink_to(path.with_name("nowhere") / "x")


def a_newer_history(path):
    History(path).close()
    with sqlite3.connect(path) as file:
        file.execute("PRAGMA user_version = 99")


@pytest.mark.parametrize(
    "make",
    [
        a_folder,
        a_text,
        another_database,
        a_pipe,
        a_device,
        a_link_to_a_folder,
        a_link_to_nowhere,
        a_newer_history,
    ],
)
def test_what_is_no_history_stays_as_it_is_and_submissions_are_kept_in_memory(tmp_path, make):
    path = tmp_path / "history.sqlite"
    make(path)
    before = path.lstat()
    content = path.read_bytes() if path.is_file() else None
    history = History(path)
    assert "INGINIOUS_HISTORY" in history.warning
    add(history, "s")
    history.finish("s", result())
    assert history.result("s").grade == 100.0
    history.close()
    after = path.lstat()
    assert (after.st_mode, after.st_ino) == (before.st_mode, before.st_ino)
    assert content is None or path.read_bytes() == content


def test_the_mode_of_a_history_that_exists_is_its_owners_business(tmp_path):
    path = tmp_path / "history.sqlite"
    History(path).close()
    path.chmod(0o640)
    History(path).close()
    assert mode(path) == 0o640


def test_an_empty_file_becomes_a_history(tmp_path):
    path = tmp_path / "history.sqlite"
    path.touch()
    history = History(path)
    add(history)
    assert history.warning is None
    history.close()


def test_a_damaged_history_is_set_aside_and_a_new_one_begun(tmp_path):
    path = tmp_path / "history.sqlite"
    history = History(path)
    for number in range(50):
        add(history, f"s{number}")
    history.close()
    content = bytearray(path.read_bytes())
    content[100:5000] = bytes(4900)
    path.write_bytes(content)
    history = History(path)
    (aside,) = tmp_path.glob("history.sqlite.damaged-*")
    assert aside.name in history.warning
    assert aside.read_bytes() == content
    assert add(history, "new").number == 1
    history.close()
    history = History(path)
    assert ids(history.recent("ada")) == ["new"]
    history.close()


VERSION_1 = """
CREATE TABLE submission (
    id TEXT PRIMARY KEY, course_id TEXT NOT NULL, task_id TEXT NOT NULL, username TEXT NOT NULL,
    number INTEGER NOT NULL, origin TEXT NOT NULL, backend TEXT NOT NULL,
    submitted_at REAL NOT NULL, finished_at REAL, inputdata BLOB NOT NULL,
    inputdata_sha256 TEXT NOT NULL, sources BLOB NOT NULL, code TEXT, grade REAL, outcome BLOB,
    superseded_by TEXT, owner TEXT NOT NULL, alive_at REAL NOT NULL
);
CREATE INDEX submission_by_task ON submission (course_id, task_id, username, number);
PRAGMA user_version = 1;
"""


def test_a_history_of_the_first_version_is_read(tmp_path):
    path = tmp_path / "history.sqlite"
    values = [["success", "Good."], 90.0, {"q": ["success", ""]}, {}, {}, b"tgz", "st", "", ""]
    inputdata, sources = msgpack.packb({"q": "x", "@lang": "en"}), msgpack.packb([])
    row = ("old", "c", "t", "ada", 1, "magic", "embedded", 1.0, 2.0, inputdata, "", sources)
    with sqlite3.connect(path) as file:
        file.executescript(VERSION_1)
        for number, packed in enumerate((msgpack.packb(values), b"\x93", None)):
            file.execute(
                f"INSERT INTO submission VALUES ({', '.join('?' * 18)})",
                (f"old{number}", *row[1:], "success", 90.0, packed, None, "host:1", 3.0),
            )
    history = History(path)
    assert len(history.of_task("c", "t", "ada")) == 3
    assert history.answers("old0") == {"q": "x"}
    assert history.result("old0").problems == {"q": ("success", "")}
    assert history.result("old0").state == "st"
    assert history.archive("old0") == b"tgz"
    assert history.get("old1").grade == 90.0
    assert history.result("old1") is None
    history.close()


@pytest.mark.parametrize("version", [2, 3])
def test_a_history_of_an_earlier_version_is_read(tmp_path, version):
    path = tmp_path / "history.sqlite"
    history = History(path)
    kept = add(history)
    history.close()
    with sqlite3.connect(path) as file:
        for column in ("account", "remote_id")[: 4 - version]:
            file.execute(f"ALTER TABLE submission DROP COLUMN {column}")
        file.execute(f"PRAGMA user_version = {version}")
    history = History(path)
    assert history.get("s1") == kept
    history.note_remote_id("s1", "at the site")
    assert history.get("s1").remote_id == "at the site"
    history.close()


# ---- what a site has -----------------------------------------------------------------------------


def take(history, *listed):
    return history.take_from_site("demo", "fib", "ada", account=ALICE, submissions=listed)


def add_at_site(history, submission_id="s1", account=ALICE, **more):
    return add(history, submission_id, service=account.site, account=account, **more)


def at_site(history, account=ALICE):
    return history.of_task("demo", "fib", "ada", account)


def test_accounts_of_one_user_share_no_submission(tmp_path):
    signed_in = []
    history = History(tmp_path / "h.sqlite", signed_in=lambda: tuple(signed_in))
    nobody, bob = Account("https://x", ""), Account("https://x", "bob")
    for name, account in {"a": ALICE, "b": bob, "n": nobody}.items():
        add_at_site(history, name, account)
    add(history, "here")
    add_at_site(history, "elsewhere", Account("https://y", "alice"))
    assert ids(at_site(history)) == ["n", "a"]
    assert ids(at_site(history, bob)) == ["n", "b"]
    assert ids(at_site(history, nobody)) == ["n"]
    assert ids(history.of_task("demo", "fib", "ada")) == ["here"]
    assert [history.get(each).number for each in ("a", "b", "here")] == [1, 1, 1]
    assert set(ids(history.recent("ada"))) == {"a", "b", "n", "here", "elsewhere"}
    signed_in[:] = [nobody]
    assert len(history.recent("ada")) == 5
    signed_in[:] = [bob, Account("https://z", "eve")]
    assert set(ids(history.recent("ada"))) == {"b", "n", "here", "elsewhere"}
    assert history.beginning("ada", "a") == []
    with sqlite3.connect(history.path) as file:
        file.execute("UPDATE submission SET alive_at = 0")
    assert set(ids(history.orphaned("ada"))) == {"b", "n", "here", "elsewhere"}
    history.note_account("n", "alice")
    assert "n" not in ids(history.recent("ada"))
    history.close()


def test_what_was_kept_without_an_account_is_of_whom_the_site_says(tmp_path):
    path = tmp_path / "h.sqlite"
    history = History(path)
    add_at_site(history)
    history.note_remote_id("s1", "b")
    history.close()
    with sqlite3.connect(path) as file:
        file.executescript("ALTER TABLE submission DROP COLUMN account; PRAGMA user_version = 3")
    history = History(path)
    assert at_site(history) == []
    assert take(history, SiteSubmission("b", 1.0, "success", 100.0)) == []
    assert ids(at_site(history)) == ["s1"]
    history.close()


def test_what_a_site_lists_is_taken_once_and_numbered_by_time(history):
    ours = add_at_site(history)
    history.note_remote_id("s1", "b")
    at = ours.submitted_at
    listed = [
        SiteSubmission("d", at + 200.0),  # not graded yet
        SiteSubmission("c", at + 100.0, "failed", 20.0),
        SiteSubmission("b", at + 1.0, "success", 100.0),
        SiteSubmission("a", at - 100.0, "failed", 0.0),
    ]
    assert take(history, *listed) == ["a", "c"]
    assert take(history, *listed) == []
    rows = at_site(history)
    assert [(row.id, row.number, row.origin) for row in rows] == [
        ("c", 3, "site"),
        ("s1", 2, "api"),
        ("a", 1, "site"),
    ]
    assert add_at_site(history, "s2").number == 4


def test_a_site_in_another_time_zone_gives_the_same_order(history):
    ours = add_at_site(history)
    history.note_remote_id("s1", "b")
    hours = 5 * 3600.0
    take(
        history,
        SiteSubmission("b", ours.submitted_at - hours + 1.0, "success", 100.0),
        SiteSubmission("a", ours.submitted_at - hours - 60.0, "failed", 0.0),
    )
    assert ids(at_site(history)) == ["s1", "a"]
    assert history.get("a").submitted_at == ours.submitted_at - 60.0


@pytest.mark.parametrize(
    ("ahead_s", "waited_s"),
    [(0, 0), (5 * 3600, 2), (-3.5 * 3600, 2), (420, 1), (-420, 1), (0, 7200), (3600, 7200)],
)
def test_a_clock_that_is_off_and_a_long_wait_change_no_order(history, ahead_s, waited_s):
    made = add_at_site(history).submitted_at
    history.note_remote_id("s1", "b")
    history.finish("s1", result())
    sent = made + waited_s
    with sqlite3.connect(history.path) as file:
        file.execute("UPDATE submission SET finished_at = ?", (sent + 5,))
    take(
        history,
        SiteSubmission("c", sent + ahead_s + 600, "failed", 0.0),
        SiteSubmission("b", sent + ahead_s, "success", 100.0),
        SiteSubmission("a", made + ahead_s - 600, "failed", 0.0),
    )
    assert ids(at_site(history)) == ["c", "s1", "a"]
    assert abs(history.get("a").submitted_at - (made - 600)) <= 5


def test_within_one_second_the_list_of_the_site_has_the_order(history):
    second = float(int(time.time()))  # a site tells no more
    listed = [SiteSubmission(each, second, "failed", 0.0) for each in ("e", "c", "a")]
    for name, at in (("b", second + 0.4), ("d", second + 0.8)):
        add_at_site(history, name)
        history.note_remote_id(name, f"site-{name}")
        with sqlite3.connect(history.path) as file:
            file.execute("UPDATE submission SET submitted_at = ? WHERE id = ?", (at, name))
    listed.insert(1, SiteSubmission("site-d", second, "success", 100.0))
    listed.insert(3, SiteSubmission("site-b", second, "success", 100.0))
    take(history, *listed)
    assert ids(at_site(history)) == ["e", "d", "c", "b", "a"]


def place(history, job_id, remote_id, account=ALICE):
    return history.place(
        "demo", "fib", job_id=job_id, account=account, remote_id=remote_id, result=result()
    )


def test_what_arrived_while_its_kernel_died_is_one_submission(history):
    for each in ("s1", "s2"):  # the same answers twice, on purpose
        add_at_site(history, each)
    add(history, "here")
    listed = [SiteSubmission(each, 1.0, "success", 100.0) for each in ("c", "b", "a")]

    def unplaced():
        return history.unplaced("demo", "fib", "ada", account=ALICE, submissions=listed)

    assert unplaced() == ["c", "b", "a"]
    take(history, *listed)  # by another kernel, before it was known whose they are
    assert place(history, "s1", "a")
    assert unplaced() == ["c", "b"]
    history.note_remote_id("s2", "b")
    history.finish("s2", result())
    assert unplaced() == []
    take(history, *listed)
    rows = at_site(history)
    assert {row.id: row.remote_id for row in rows} == {"s1": "a", "s2": "b", "c": "c"}
    assert sorted(row.number for row in rows) == [1, 2, 3]
    assert (history.get("s1").code, history.result("s1").grade) == ("success", 100.0)


def test_a_result_that_was_not_heard_is_taken_when_the_site_lists_it(history):
    ends = {
        "ours": JobResult(("crash", Message("The site does not answer.")), 0.0),
        "the site's": JobResult(("crash", "The grader fell over."), 0.0),
        "heard": result(),
        "none": None,
    }
    for name, end in ends.items():
        add_at_site(history, name)
        history.note_remote_id(name, f"at {name}")
        if end is not None:
            history.finish(name, end)
    listed = [SiteSubmission(f"at {name}", 1.0, "success", 100.0) for name in ends]
    unheard = history.unplaced("demo", "fib", "ada", account=ALICE, submissions=listed)
    assert unheard == ["at ours", "at none"]
    assert place(history, "ours", "at ours")
    assert history.get("ours").code == "success"


def test_a_site_places_nothing_but_what_was_sent_to_it(history):
    add(history, "here")
    add_at_site(history, "bobs", Account("https://x", "bob"))
    add_at_site(history, "of another task", task_id="other")
    add_at_site(history, "placed")
    assert place(history, "placed", "a")
    for job_id in ("here", "bobs", "of another task", "placed", "a", "", "nowhere"):
        assert not place(history, job_id, "b")
    assert history.get("here").code is None


def test_what_arrived_before_it_was_repeated_is_the_one_that_repeats(history):
    add_at_site(history, "s1")
    for before, after in (("s1", "s2"), ("s2", "s3")):
        add_at_site(history, after)
        assert history.claim(before, after)
    assert history.same("s3") == ("s3", "s2", "s1")
    assert place(history, "s1", "a")
    assert [row.id for row in at_site(history) if row.remote_id] == ["s3"]


def test_the_answers_that_a_site_has_are_kept(history):
    take(history, SiteSubmission("a", 1.0, "failed", 0.0))
    assert history.result("a") is None
    sent = {"fib": {"filename": "x", "value": b"\xff"}, "@lang": "en"}
    history.keep_recalled("a", sent, result("timeout", 0.0))
    assert history.answers("a") == {"fib": sent["fib"]}
    assert (history.result("a").result[0], history.get("a").code) == ("timeout", "timeout")


# ---- while it is in use --------------------------------------------------------------------------


class Locked:
    """Another program that holds a history for as long as it likes."""

    def __init__(self, path):
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.connection.execute("BEGIN EXCLUSIVE")

    def release(self):
        self.connection.execute("ROLLBACK")
        self.connection.close()


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(database, "LOCK_TIMEOUT_S", 0.01)


def test_what_a_locked_file_does_not_take_is_kept_and_written_later(impatient, tmp_path):
    history = History(tmp_path / "history.sqlite")
    add(history, "before")
    lock = Locked(history.path)
    history.finish("before", result("success", 70.0))
    assert add(history, "during").number == 2
    history.finish("during", result("failed", 20.0, archive=b"tgz"))
    assert "another program holds it" in history.warning
    assert "disk" not in history.warning
    assert [(row.id, row.grade) for row in history.of_task("demo", "fib", "ada")] == [
        ("during", 20.0),
        ("before", 70.0),
    ]
    assert history.result("before").grade == 70.0
    history.write_pending()
    assert history.unwritten == 2
    lock.release()
    history.write_pending()
    assert (history.unwritten, history.warning) == (0, None)
    history.close()
    later = History(history.path)
    assert later.get("before").grade == 70.0
    assert later.archive("during") == b"tgz"
    later.close()


def test_a_file_that_is_locked_at_the_start_is_used_later(impatient, tmp_path):
    path = tmp_path / "history.sqlite"
    History(path).close()
    lock = Locked(path)
    history = History(path)
    add(history, "s")
    lock.release()
    history.close()
    later = History(path)
    assert ids(later.recent("ada")) == ["s"]
    later.close()


def test_submissions_are_graded_on_a_full_disk_and_written_when_there_is_room(
    monkeypatch, tmp_path
):
    history = History(tmp_path / "history.sqlite")
    add(history, "before")
    history._file._connection.execute("PRAGMA max_page_count = 1")  # SQLite's own full disk
    history.finish("before", result(archive=os.urandom(100_000)))
    add(history, "during", inputdata={"q": "x" * 100_000})
    assert "disk is full" in history.warning
    assert history.get("before").finished
    assert history.answers("during")["q"] == "x" * 100_000
    history._file._connection.execute("PRAGMA max_page_count = 100000")
    history.write_pending()
    assert history.warning is None
    history.close()
    later = History(history.path)
    assert later.archive_bytes("before") == 100_000
    assert later.answers("during")["q"] == "x" * 100_000
    later.close()


def test_a_file_that_is_damaged_while_it_is_in_use_is_set_aside(tmp_path):
    history = History(tmp_path / "history.sqlite")
    for number in range(50):
        add(history, f"s{number}")
    history._file._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    history._file._connection.execute("PRAGMA shrink_memory")
    with history.path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 4096 * 3)
    add(history, "after")
    history.finish("after", result())
    assert "damaged" in history.warning
    assert history.result("after").grade == 100.0
    history.close()
    later = History(history.path)
    assert "after" in ids(later.recent("ada"))
    later.close()


def test_damage_is_still_told_when_a_lock_has_come_and_gone(impatient, tmp_path):
    path = tmp_path / "history.sqlite"
    path.write_bytes(b"SQLite format 3\0" + b"\xff" * 4096)
    history = History(path)
    lock = Locked(path)
    add(history, "during")
    assert "another program holds it" in history.warning
    lock.release()
    history.write_pending()
    assert history.unwritten == 0
    assert "was damaged" in history.warning
    history.close()


def put_another(path):
    path.unlink()
    other = History(path)
    add(other, "other")
    other.close()


def put_an_older(path):
    copy = path.with_name("copy")
    shutil.copy(path, copy)
    copy.replace(path)


def put_a_folder(path):
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    "replace", [Path.unlink, put_another, put_an_older, put_a_folder], ids=lambda f: f.__name__
)
@pytest.mark.parametrize("then", ["add", "read"])
def test_a_file_that_is_removed_or_replaced_costs_nothing_of_this_kernel(tmp_path, replace, then):
    path = tmp_path / "history.sqlite"
    history = History(path)
    add(history, "one")
    history.finish("one", result())
    add(history, "two")
    replace(path)
    if then == "add":
        add(history, "three")
    else:
        history.recent("ada")
        history.write_pending()
        add(history, "three")
    history.finish("two", result())
    history.finish("three", result())
    # What ended before is in the log of SQLite, which another program's new file may have emptied.
    kept = ["two", "three"] if replace is put_another else ["one", "two", "three"]
    assert set(kept) <= set(ids(history.recent("ada")))
    if replace is put_a_folder:
        assert "cannot be opened" in history.warning
        path.rmdir()
        history.close()
        return
    assert "removed or replaced" in history.warning
    assert history.unwritten == 0
    history.close()
    later = History(path)
    assert set(kept) <= set(ids(later.recent("ada")))
    assert ("other" in ids(later.recent("ada"))) == (replace is put_another)
    assert [later.result(name).grade for name in kept] == [100.0] * len(kept)
    later.close()


def test_a_history_whose_folder_is_gone_keeps_in_memory(tmp_path):
    folder = tmp_path / "folder"
    history = History(folder / "history.sqlite")
    add(history, "one")
    shutil.rmtree(folder)
    add(history, "two")
    history.finish("two", result())
    assert history.result("two").grade == 100.0
    history.close()


def test_a_list_reads_no_answers_and_no_archives(monkeypatch, history):
    add(history, "s")
    history.finish("s", result(archive=b"tgz"))
    read = []
    history._file._connection.set_trace_callback(read.append)
    history.of_task("demo", "fib", "ada")
    history.recent("ada")
    history.orphaned("ada")
    assert not [statement for statement in read if "FROM submission" not in statement]
