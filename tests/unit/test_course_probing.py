"""What cannot be read in or beside a course costs itself, with a sentence; the others work."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import socket
import tempfile
from pathlib import Path

import pytest

from inginious_nb.course import CourseLibrary, folders, yaml_loader  # noqa: F401 - loaded as root
from inginious_nb.errors import CourseError, CourseNotFoundError

NOBODY = 65534

TASK = "environment_type: mcq\nproblems: {q: {type: match, answer: x}}\n"


@pytest.fixture
def top():
    """A folder that others can enter, with a course ``good`` of two tasks."""
    before = os.umask(0o022)  # that of whoever runs the tests may be stricter
    folder = Path(tempfile.mkdtemp()).resolve()
    folder.chmod(0o755)
    for path in ("good/course.yaml", "good/a/task.yaml", "good/b/task.yaml"):
        write(folder / path)
    try:
        yield folder
    finally:
        os.umask(before)
        shutil.rmtree(folder)


def write(file):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(TASK if file.name.startswith("task.") else "name: A course\n")


@contextlib.contextmanager
def without_rights():
    """Be somebody whom permissions concern."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def closed(path):
    path.mkdir(parents=True)
    path.chmod(0)


def closed_task(path):
    write(path / "task.yaml")
    path.chmod(0)


def listed_only(path):
    write(path / "task.yaml")
    path.chmod(0o444)


def unreadable(path):
    write(path / "task.yaml")
    (path / "task.yaml").chmod(0)


def forbidden(path):
    private = path.parent / ".private"
    write(private / "t" / "task.yaml")
    private.chmod(0)
    path.symlink_to(private / "t")


def dangling(path):
    path.symlink_to("nowhere")


def circular(path):
    path.symlink_to(path.name)


def a_file_in_a_circle(path):
    path.mkdir()
    (path / "task.yaml").symlink_to("task.yaml")


def a_file_that_is_gone(path):
    path.mkdir()
    (path / "task.yaml").symlink_to("gone.yaml")


def a_pipe(path):
    path.mkdir()
    os.mkfifo(path / "task.yaml")


def a_socket(path):
    path.mkdir()
    with socket.socket(socket.AF_UNIX) as made, contextlib.chdir(path):
        made.bind("task.yaml")


def a_device(path):
    path.mkdir()
    (path / "task.yaml").symlink_to("/dev/zero")


FAULTS = [
    closed,
    closed_task,
    listed_only,
    unreadable,
    forbidden,
    dangling,
    circular,
    a_file_in_a_circle,
    a_file_that_is_gone,
    a_pipe,
    a_socket,
    a_device,
]


@pytest.mark.parametrize("make", FAULTS)
def test_what_cannot_be_read_in_a_course_costs_itself(top, make):
    make(top / "good" / "odd")
    with without_rights():
        library = CourseLibrary([top])
        course = library.course("good")
        assert list(course.tasks) == ["a", "b"]
        assert list(course.broken) == ["odd"]
        assert "odd" in str(course.broken["odd"])
        assert "take it out" in str(course.broken["odd"])
        with pytest.raises(CourseError, match="cannot be read"):
            library.task("good/odd")
        assert library.task_directory("good", "a").name == "a"
        assert library.problems == []


@pytest.mark.parametrize("make", FAULTS)
def test_what_cannot_be_read_beside_a_course_costs_itself(top, make):
    make(top / "odd")
    with without_rights():
        for optional in (False, True):
            library = CourseLibrary([top], optional=optional)
            assert "good" in library.courses
            assert list(library.course("good").tasks) == ["a", "b"]
            told = [*library.problems]
            told += [error for other in library.courses.values() for error in other.broken.values()]
            assert [str(error) for error in told if "odd" in str(error)] != []


@pytest.mark.parametrize("make", FAULTS)
def test_what_cannot_be_read_is_no_course_of_its_own(top, make):
    shutil.rmtree(top / "good")
    (top / "courses").mkdir()
    make(top / "courses" / "odd")
    with without_rights():
        if make in (
            unreadable,
            a_file_in_a_circle,
            a_file_that_is_gone,
            a_pipe,
            a_socket,
            a_device,
        ):
            assert list(CourseLibrary([top / "courses"]).course("courses").broken) == ["odd"]
        else:
            assert CourseLibrary([top / "courses"], optional=True).problems == []
            with pytest.raises(CourseNotFoundError, match="odd cannot be read"):
                CourseLibrary().add(top / "courses")


@pytest.mark.parametrize("make", [closed, forbidden, circular, dangling])
def test_a_path_that_cannot_be_looked_at_is_named(top, make):
    make(top / "odd")
    with without_rights():
        for path in (top / "odd", top / "odd" / "below"):
            library = CourseLibrary([path, top / "good"])
            assert list(library.courses) == ["good"]
            (problem,) = library.problems
            assert "odd" in str(problem)


@pytest.mark.parametrize(
    "number",
    [errno.ESTALE, errno.EIO, errno.ENOTCONN, errno.ETIMEDOUT, errno.EACCES, errno.EHOSTDOWN],
)
@pytest.mark.parametrize("call", ["stat", "scandir", "open"])
def test_a_lost_drive_costs_what_was_on_it(top, monkeypatch, call, number):
    write(top / "good" / "lost" / "task.yaml")
    write(top / "good" / "mount" / "inner" / "task.yaml")
    original = getattr(os, call)

    def refused(path, *args, **keywords):
        if any(name in os.fspath(path) for name in ("/lost", "/mount")):
            raise OSError(number, os.strerror(number), os.fspath(path))
        return original(path, *args, **keywords)

    with monkeypatch.context() as context:
        context.setattr(os, call, refused)
        course = CourseLibrary([top]).course("good")
        assert [name for name in course.tasks if name in "ab"] == ["a", "b"]
        assert course.broken or call == "scandir"
        for error in course.broken.values():
            assert "cannot be read" in str(error)
        assert (course.error, course.common_directory, course.name) == (None, None, "A course")


def test_a_course_whose_own_folder_was_lost_says_so_and_comes_back(top, monkeypatch):
    library = CourseLibrary([top])
    scandir, stat = os.scandir, os.stat

    def refused(path, *args, original=stat, **keywords):
        if os.fspath(path).startswith(str(top)):
            raise OSError(errno.ESTALE, "Stale file handle")
        return original(path, *args, **keywords)

    with monkeypatch.context() as context:
        context.setattr(os, "stat", refused)
        context.setattr(os, "scandir", lambda path=".": refused(path, original=scandir))
        course = library.course("good")
        assert list(course.tasks) == []
        with pytest.raises(CourseError, match="network drive was lost"):
            library.task("good/a")
    assert list(library.course("good").tasks) == ["a", "b"]


def test_links_in_a_circle_make_nothing_twice(top):
    (top / "self").symlink_to(".")
    (top / "good" / "up").symlink_to("..")
    (top / "good" / "again").symlink_to("a")
    (top / "latest").symlink_to("good")
    library = CourseLibrary([top])
    assert library.problems == []
    assert list(library.course("good").tasks) == ["a", "again", "b"]


def test_names_that_are_no_text_can_be_told(top):
    for parent in (top, top / "good"):
        write(Path(os.fsdecode(os.fsencode(parent) + b"/caf\xe9")) / "task.yaml")
    write(Path(os.fsdecode(os.fsencode(top) + b"/cours\xe9")) / "course.yaml")
    library = CourseLibrary([top])
    course = library.course("good")
    assert list(course.tasks) == ["a", "b"]
    errors = [*library.problems, *course.broken.values()]
    assert len(errors) >= 2
    for error in errors:
        str(error).encode()
        error.in_language("fr").encode()
    for name in course.broken:
        name.encode()


@pytest.mark.parametrize("name", ["x" * 300, "x" * 5000, "a\0b", "a/" * 3000])
def test_a_path_that_cannot_be_is_none(top, name):
    with pytest.raises(CourseNotFoundError):
        CourseLibrary().add(top / name)
    with pytest.raises(CourseError):
        CourseLibrary([top]).task_directory("good", name)
    with pytest.raises(CourseError):
        CourseLibrary([top]).task(f"good/{name}")


def test_a_folder_that_was_removed_has_no_courses_near(top, monkeypatch):
    gone = top / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert folders.course_paths([]) == []


def test_an_unrelated_folder_is_listed_and_no_more(top, monkeypatch):
    for number in range(60):
        (top / "courses" / str(number) / "a").mkdir(parents=True)
    monkeypatch.setattr(folders, "MAX_FOLDERS", 50)
    looked_at = []
    with monkeypatch.context() as context:
        for call in (os.stat, os.scandir):
            context.setattr(
                os,
                call.__name__,
                lambda path, f=call, **kw: looked_at.append(path) or f(path, **kw),
            )
        assert CourseLibrary([top / "courses"], optional=True).problems == []
    assert len(looked_at) < 10
