"""A drive that does not answer costs what is on it, after a few seconds, with a sentence."""

from __future__ import annotations

import threading

import pytest

from inginious_nb.course import CourseLibrary, drives, probing
from inginious_nb.course.folders import course_paths
from inginious_nb.errors import CourseError
from inginious_nb.grader.job.workspace import Workspace
from tests.support.courses import write_course
from tests.support.hanging_mount import hanging_mount

SENTENCE = "its network drive does not answer"


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(drives, "ANSWER_TIMEOUT_S", 0.3)
    monkeypatch.setattr(drives, "_mounts", drives._Mounts())


@pytest.fixture
def waits(monkeypatch):
    """For how many seconds a drive was waited for, each time."""
    waits = []
    join = threading.Thread.join

    def noted(thread, timeout=None):
        if thread.name == "inginious_nb mount":
            waits.append(timeout)
        join(thread, timeout)

    monkeypatch.setattr(threading.Thread, "join", noted)
    return waits


@pytest.fixture
def folder(tmp_path):
    write_course(tmp_path / "courses", "lab")
    write_course(tmp_path / "courses", "zoo")
    return tmp_path / "courses"


@pytest.fixture
def dead(tmp_path):
    place = tmp_path / "a drive"
    place.mkdir()
    with hanging_mount(place):
        yield place


def beside_the_courses(folder, dead):
    (folder / "dead").symlink_to(dead)


def a_link_of_a_link(folder, dead):
    (folder / "one").symlink_to("two")
    (folder / "two").symlink_to(dead / "deeper" / "course")


def inside_a_course(folder, dead):
    (folder / "lab" / "dead").symlink_to(dead)


def a_task_file(folder, dead):
    (folder / "lab" / "other").mkdir()
    (folder / "lab" / "other" / "task.yaml").symlink_to(dead / "task.yaml")


@pytest.mark.parametrize(
    "spoil", [beside_the_courses, a_link_of_a_link, inside_a_course, a_task_file]
)
def test_the_others_work(folder, dead, spoil, waits):
    spoil(folder, dead)
    earlier = set(threading.enumerate())
    library = CourseLibrary([folder])
    assert {"lab", "zoo"} <= set(library.courses)
    assert "echo" in library.course("lab").tasks
    told = [*library.problems, *library.course("lab").broken.values()]
    assert any(SENTENCE in str(error) for error in told)
    library.add(folder)
    # It was asked once and waited for once.
    new = set(threading.enumerate()) - earlier
    assert [thread.name for thread in new] == ["inginious_nb mount"]
    # Less where the thread itself began late.
    assert sum(waits) < 1.5 * drives.ANSWER_TIMEOUT_S


@pytest.mark.parametrize("optional", [True, False])
def test_courses_that_are_all_on_it_are_told_even_where_nobody_named_them(tmp_path, optional):
    place = tmp_path / "courses"
    place.mkdir()
    with hanging_mount(place):
        paths = course_paths([], tmp_path)
        assert place in paths
        (problem,) = CourseLibrary(paths, optional=optional).problems
        assert SENTENCE in str(problem)
    # What waited is free, and it is asked anew.
    write_course(tmp_path / "courses", "lab")
    drives._mounts._read_at = -9.0
    assert list(CourseLibrary(paths).courses) == ["lab"]


def test_a_job_is_not_kept_waiting_by_files_on_it(tmp_path, dead):
    with pytest.raises(TimeoutError):
        Workspace(tmp_path / "job").fill(dead / "task", None, copy_common=False)
    with pytest.raises(CourseError, match=SENTENCE):
        probing.read(dead / "file", 10)
    assert probing.beginning(dead / "file", 10) == ""


def test_a_drive_that_answers_is_used_as_all_others_are(tmp_path, monkeypatch):
    write_course(tmp_path / "courses", "lab")
    monkeypatch.setattr(drives, "ANSWER_TIMEOUT_S", 30)  # it is not the drive that is slow
    monkeypatch.setattr(drives, "_places", lambda: [str(tmp_path / "courses")])
    (tmp_path / "link").symlink_to("courses/lab")
    assert list(CourseLibrary([tmp_path / "link"]).courses) == ["lab"]
    (tmp_path / "courses" / "round").symlink_to("round")
    assert probing.look(tmp_path / "courses" / "round").kind == "other"
    assert probing.look(tmp_path / "courses" / "none").kind == "nothing"


def test_a_drive_that_no_thread_could_ask_is_asked_the_next_time(tmp_path, monkeypatch):
    def no_thread(_thread):
        raise RuntimeError("can't start new thread")

    write_course(tmp_path / "courses", "lab")
    monkeypatch.setattr(drives, "_places", lambda: [str(tmp_path / "courses")])
    with monkeypatch.context() as full:
        full.setattr(threading.Thread, "start", no_thread)
        with pytest.raises(BlockingIOError):
            drives.enter(tmp_path / "courses" / "lab")
    drives.enter(tmp_path / "courses" / "lab")


@pytest.mark.parametrize(
    ("lines", "places"),
    [
        ("36 35 0:33 / /mnt/a\\040b rw - nfs4 server:/x rw", ["/mnt/a b"]),
        (
            "36 35 0:33 / /m rw shared:1 - fuse.sshfs me@x: rw\n37 36 8:1 / /m rw - ext4 /dev/a rw",
            [],
        ),
        ("36 35 0:33 / / rw - 9p root rw\n37 36 0:1 / /d rw - fusectl none rw", []),
    ],
)
def test_which_mounts_may_not_answer(tmp_path, monkeypatch, lines, places):
    (tmp_path / "mountinfo").write_text(f"{lines}\n")
    monkeypatch.setattr(drives, "_MOUNTINFO", tmp_path / "mountinfo")
    assert drives._places() == places
