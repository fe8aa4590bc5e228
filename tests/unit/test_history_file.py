"""The file of the history: what may be in its place, and what happens to it while it is in use."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import msgpack
import pytest
from traitlets.config import Config

from inginious_nb.settings import load_settings
from inginious_nb.submissions import database
from inginious_nb.submissions.history import History
from tests.support.histories import add, ids, opened, result


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
    with opened(path) as file:
        file.execute("CREATE TABLE recipes (name)")
    path.chmod(0o644)


def a_database_with_a_number(version, *tables):
    def make(path):
        with opened(path) as file:
            for table in tables:
                file.execute(f"CREATE TABLE {table} (id, name)")
            file.execute(f"PRAGMA user_version = {version}")

    return make


def an_empty_database_of_another_program(path):
    with opened(path) as file:
        file.execute("PRAGMA application_id = 7")


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
    with opened(path) as file:
        file.execute("PRAGMA user_version = 99")


@pytest.mark.parametrize(
    "make",
    [
        a_folder,
        a_text,
        another_database,
        *(a_database_with_a_number(version, "recipes") for version in (1, 2, 3, 4)),
        *(a_database_with_a_number(version, "submission") for version in (1, 4)),
        an_empty_database_of_another_program,
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


@pytest.mark.parametrize("name", [".", "/", "..", "~nobody-here/x", "a\0b", "\ud800"])
def test_a_name_that_is_no_files_costs_the_history_alone(tmp_path, monkeypatch, new_session, name):
    monkeypatch.chdir(tmp_path)
    session = new_session(load_settings(Config(Inginious={"history": name}), {}))
    add(session.history)
    assert any("INGINIOUS_HISTORY" in warning for warning in session.warnings)
    session.close()
    assert list(tmp_path.iterdir()) == []


def test_a_relative_name_is_the_same_file_wherever_the_notebook_goes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    history = History(Path("history.sqlite"))
    add(history)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    add(history, "s2")
    assert history.warning is None
    assert set(ids(history.recent("ada"))) == {"s1", "s2"}
    history.close()


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
    with opened(path) as file:
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
    with opened(path) as file:
        for column in ("account", "remote_id")[: 4 - version]:
            file.execute(f"ALTER TABLE submission DROP COLUMN {column}")
        file.execute(f"PRAGMA user_version = {version}")
    history = History(path)
    assert history.get("s1") == kept
    history.note_remote_id("s1", "at the site")
    assert history.get("s1").remote_id == "at the site"
    history.close()


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


ANOTHER_PROCESS = """
import sys
from pathlib import Path
from inginious_nb.submissions.history import History

history = History(Path(sys.argv[1]))
print(*sorted(record.id for record in history.recent("ada")))
history.close()
"""


def in_another_process(path):
    """What another process finds there that opens the history and closes it."""
    command = [sys.executable, "-c", ANOTHER_PROCESS, path]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def test_two_histories_of_a_process_lose_nothing_to_another_process(tmp_path):
    # As a Jupyter server has one for each person.
    first, second = (History(tmp_path / "history.sqlite") for _ in range(2))
    add(first, "first")
    assert in_another_process(first.path) == ["first"]
    add(second, "second")
    add(first, "third")
    assert in_another_process(first.path) == ["first", "second", "third"]
    first.close()
    add(second, "last")
    assert in_another_process(first.path) == ["first", "last", "second", "third"]
    second.close()


def test_a_history_that_is_read_after_its_end_is_left_alone(tmp_path):
    history = History(tmp_path / "history.sqlite")
    add(history, "before")
    history.close()
    # As a thread does that shows it while the kernel ends.
    assert not history.others_wrote()
    assert history.recent("ada") == []
    assert history.get("before") is None
    history.close()
    later = History(history.path)
    assert ids(later.recent("ada")) == ["before"]
    later.close()
    assert [path.name for path in tmp_path.iterdir()] == ["history.sqlite"]


def test_what_sqlite_refuses_to_keep_is_no_damage_of_the_file(tmp_path):
    history = History(tmp_path / "history.sqlite")
    add(history, "before")
    with pytest.raises(sqlite3.Error):
        add(history, "other", origin=["no text"])
    assert ids(history.recent("ada")) == ["before"]
    history.close()
    assert [path.name for path in tmp_path.iterdir()] == ["history.sqlite"]


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


def test_what_stands_in_the_place_of_a_history_for_a_while_loses_no_result(tmp_path):
    path, aside = tmp_path / "history.sqlite", tmp_path / "aside"
    history = History(path)
    add(history)
    path.rename(aside)
    path.mkdir()
    history.finish("s1", result())
    assert history.result("s1").grade == 100.0
    path.rmdir()
    aside.rename(path)
    history.write_pending()
    history.close()
    history = History(path)
    assert history.result("s1").grade == 100.0
    history.close()


def test_a_history_whose_folder_is_gone_keeps_in_memory(tmp_path):
    folder = tmp_path / "folder"
    history = History(folder / "history.sqlite")
    add(history, "one")
    shutil.rmtree(folder)
    add(history, "two")
    history.finish("two", result())
    assert history.result("two").grade == 100.0
    history.close()


def test_a_warning_ends_when_the_file_can_be_used(tmp_path):
    (tmp_path / "folder").touch()
    history = History(tmp_path / "folder" / "history.sqlite")
    assert "cannot be opened" in history.warning
    (tmp_path / "folder").unlink()
    add(history, "s")
    assert (history.warning, history.unusable, history.unwritten) == (None, None, 0)
    history.close()
