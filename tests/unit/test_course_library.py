"""Courses are found where people keep them, and everything wrong with a folder is said."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from inginious_nb.course import CourseLibrary, folders
from inginious_nb.errors import CourseError, CourseNotFoundError, TaskNotFoundError

COURSES = Path(__file__).parents[1] / "data" / "courses"
TASK = "environment_type: mcq\nproblems: {}\n"


@pytest.fixture(scope="module")
def library():
    return CourseLibrary([COURSES])


def make(folder, *paths, text=TASK):
    for path in paths:
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text if "task" in file.name else "name: A course\n")
    return folder


def test_a_folder_of_courses_is_searched(library):
    assert sorted(library.courses) == ["legacy", "nofile", "plain"]
    assert library.course("plain").name == "A plain course"
    assert library.paths == [COURSES.resolve()]


@pytest.mark.parametrize("file", ["course.yaml", "course.json"])
def test_courses_are_found_beside_the_notebook_and_above_it(tmp_path, file):
    notebook_folder = tmp_path / "week1"
    notebook_folder.mkdir()
    (tmp_path / "courses").mkdir()
    assert folders.course_paths([], notebook_folder) == [tmp_path / "courses"]
    (notebook_folder / file).write_text('{"name": "x"}')
    assert folders.course_paths([], notebook_folder) == [tmp_path / "courses", notebook_folder]


@pytest.fixture
def stranger(monkeypatch):
    """Give a thing to another user; only root can, others become another one than themselves."""

    def give(path):
        if os.geteuid() == 0:
            os.chown(path, 4242, 4242)
        else:
            monkeypatch.setattr(os, "geteuid", lambda: 4242)

    return give


@pytest.mark.parametrize("shared", [0o1777, 0o777])
@pytest.mark.parametrize("found", ["courses", "course.yaml"])
def test_no_course_is_taken_that_a_stranger_put_above_the_notebook(
    tmp_path, stranger, shared, found
):
    notebook_folder = tmp_path / "mine"
    notebook_folder.mkdir()
    planted = tmp_path / found
    planted.mkdir() if found == "courses" else planted.write_text("name: x")
    tmp_path.chmod(shared)
    assert len(folders.course_paths([], notebook_folder)) == 1
    stranger(planted)
    assert folders.course_paths([], notebook_folder) == []
    tmp_path.chmod(0o755)  # the teacher's, in a folder of the site
    assert len(folders.course_paths([], notebook_folder)) == 1


def test_named_courses_replace_those_nearby(tmp_path):
    (tmp_path / "courses").mkdir()
    assert folders.course_paths(["/elsewhere"], tmp_path) == [Path("/elsewhere")]


def test_courses_a_few_levels_deep_are_found(tmp_path):
    make(tmp_path, "repo/2026/autumn/intro/course.yaml", "repo/2026/autumn/intro/t/task.yaml")
    assert list(CourseLibrary([tmp_path]).courses) == ["intro"]


def test_the_folder_of_a_task_stands_for_its_course(tmp_path):
    make(tmp_path, "intro/course.yaml", "intro/t/task.yaml")
    library = CourseLibrary([tmp_path / "intro" / "t"])
    assert library.task("t").get_course_id() == "intro"


def test_tasks_without_a_course_file_make_a_course(library):
    course = library.course("nofile")
    assert (course.name, list(course.tasks)) == ("nofile", ["hello"])


def test_tasks_in_inner_folders_belong_to_the_course(library):
    task = library.task("legacy/sum")
    assert task.path == COURSES.resolve() / "legacy" / "lesson1" / "sum"


def test_a_course_inside_a_course_keeps_its_own_tasks(tmp_path):
    make(tmp_path, "outer/a/task.yaml", "outer/inner/course.yaml", "outer/inner/b/task.yaml")
    library = CourseLibrary([tmp_path])
    assert {name: list(course.tasks) for name, course in library.courses.items()} == {
        "outer": ["a"],
        "inner": ["b"],
    }


@pytest.mark.parametrize("name", ["plain/everything", "everything", " plain/everything/ "])
def test_a_task_is_found_by_its_name(library, name):
    assert library.task(name).name == "Everything"


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("plain/everythng", TaskNotFoundError, "Did you mean everything?"),
        ("plain/EVERYTHING", TaskNotFoundError, "Did you mean everything?"),
        ("everythng", TaskNotFoundError, "Did you mean everything?"),
        ("plane/everything", CourseNotFoundError, "Did you mean plain?"),
        ("quiz", TaskNotFoundError, "legacy/quiz or plain/quiz"),
        ("plain", TaskNotFoundError, "plain/upload, plain/everything"),
        ("zzz", TaskNotFoundError, "There is: legacy/sum"),
        ("plain/zzz", TaskNotFoundError, "There is: everything, quiz, upload."),
    ],
)
def test_a_wrong_name_gets_the_right_one(library, name, error, words):
    with pytest.raises(error) as caught:
        library.task(name)
    assert words in str(caught.value)


def test_an_empty_library_says_what_to_do():
    for call in (CourseLibrary().task, CourseLibrary().course):
        with pytest.raises(CourseError, match="No course folder has been added yet"):
            call("x")


def test_a_broken_task_is_refused_with_file_and_line_and_the_others_work(library):
    course = library.course("legacy")
    assert list(course.tasks) == ["sum", "quiz"]
    assert list(course.broken) == ["broken"]
    with pytest.raises(CourseError) as caught:
        library.task("legacy/broken")
    assert caught.value.line == 5
    assert caught.value.path.name == "task.yaml"
    assert "task.yaml, line 5" in str(caught.value)


def test_a_broken_course_file_leaves_the_tasks_usable(tmp_path):
    make(tmp_path, "intro/t/task.yaml")
    (tmp_path / "intro" / "course.yaml").write_text("name: [")
    course = CourseLibrary([tmp_path]).course("intro")
    assert "course.yaml, line 1" in str(course.error)
    assert course.name == "intro"
    assert course.task("t").id == "t"


def test_an_edited_task_is_read_again(tmp_path):
    make(tmp_path, "intro/t/task.yaml")
    library = CourseLibrary([tmp_path])
    assert library.task("t").name == "Task t"
    make(tmp_path, "intro/t/task.yaml", text="name: [")
    with pytest.raises(CourseError):
        library.task("t")
    make(tmp_path, "intro/t/task.yaml", text=f"name: New name\n{TASK}")
    assert library.task("t").name == "New name"
    assert library.task("t") is library.task("t")


def test_an_edited_course_file_is_read_again(tmp_path):
    make(tmp_path, "c/a/task.yaml", "c/b/task.yaml")
    file = tmp_path / "c" / "course.yaml"
    file.write_text("name: [")
    course = CourseLibrary([tmp_path]).course("c")
    assert course.error is not None
    assert course.task("b").settings.weight == 1
    file.write_text(
        "name: Mended\ndispenser_data:\n  toc: [{tasks_list: [b, a]}]\n  config: {b: {weight: 5}}\n"
    )
    assert (course.name, course.error) == ("Mended", None)
    assert list(course.tasks) == ["b", "a"]
    assert course.task("b").settings.weight == 5


def test_an_older_list_of_tasks_gives_their_positions(tmp_path):
    make(tmp_path, "c/a/task.yaml", "c/b/task.yaml", "c/d/task.yaml")
    (tmp_path / "c" / "course.yaml").write_text("toc: [{tasks_list: {a: 10, b: 9, d: 1}}]\n")
    assert list(CourseLibrary([tmp_path]).course("c").tasks) == ["d", "b", "a"]


@pytest.mark.parametrize("name", ["task one", "ä", "a..b"])
def test_a_folder_whose_name_is_no_id_is_refused(tmp_path, name):
    make(tmp_path, "intro/course.yaml", f"intro/{name}/task.yaml", "intro/good/task.yaml")
    course = CourseLibrary([tmp_path]).course("intro")
    assert list(course.tasks) == ["good"]
    assert "Rename the folder" in str(course.broken[name])


def test_a_course_whose_name_is_no_id_is_refused(tmp_path):
    make(tmp_path, "my course/course.yaml")
    with pytest.raises(CourseError, match="Rename the folder"):
        CourseLibrary().add(tmp_path)


def test_two_tasks_of_one_name_are_told_apart(tmp_path):
    make(tmp_path, "c/course.yaml", "c/w1/sum/task.yaml", "c/w2/sum/task.yaml")
    course = CourseLibrary([tmp_path]).course("c")
    assert course.task("sum").path.parent.name == "w1"
    assert "rename one of the folders" in str(course.broken["w2/sum"])


def test_two_courses_of_one_name_are_told_apart(tmp_path):
    make(tmp_path, "a/intro/course.yaml", "b/intro/course.yaml")
    library = CourseLibrary([tmp_path / "a"])
    with pytest.raises(CourseError, match="rename one of the folders"):
        library.add(tmp_path / "b")
    assert library.course("intro").path.parent.name == "a"


def test_a_path_without_a_course_is_refused_and_does_not_take_the_others_with_it(tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    library = CourseLibrary([tmp_path / "missing", empty, COURSES])
    assert sorted(library.courses) == ["legacy", "nofile", "plain"]
    missing, nothing = library.problems
    assert "There is no folder" in str(missing)
    assert "a course is a folder with a course.yaml" in str(nothing)


def test_the_directory_of_a_task_needs_no_usable_task(library):
    assert library.task_directory("legacy", "broken") == COURSES.resolve() / "legacy" / "broken"
    assert library.task_directory("legacy", "sum").parent.name == "lesson1"


@pytest.mark.parametrize(
    "task_id",
    ["", ".", "..", "../plain/quiz", "/etc", "a/../quiz", "quiz ", "QUIZ", "none", "a\0b"],
)
def test_the_directory_of_a_task_is_never_outside_the_course(library, task_id):
    with pytest.raises(CourseError):
        library.task_directory("legacy", task_id)


def test_a_link_out_of_the_course_is_not_followed(tmp_path):
    make(tmp_path, "c/course.yaml", "elsewhere/task.yaml")
    (tmp_path / "c" / "t").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CourseError, match="leads out of the course"):
        CourseLibrary([tmp_path / "c"]).task_directory("c", "t")


def test_common_files_outside_the_course_are_not_used(tmp_path):
    make(tmp_path, "c/course.yaml", "c/t/task.yaml")
    (tmp_path / "c" / "$common").symlink_to(tmp_path)
    assert CourseLibrary([tmp_path / "c"]).course("c").common_directory is None


def test_aliases_that_unfold_without_end_are_refused_before_anything_walks_through_them(tmp_path):
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    for level in range(1, 9):
        held = ", ".join([f"*a{level - 1}"] * 9)
        levels.append(f"a{level}: &a{level} [{held}]")
    bomb = "\n".join([*levels, "name: *a8", "problems: {}"])
    make(tmp_path, "c/t/task.yaml", text=bomb)
    with pytest.raises(CourseError, match="aliases"):
        CourseLibrary([tmp_path / "c"]).task("c/t")


def test_tasks_come_in_the_order_of_the_course(library):
    assert list(library.course("plain").tasks) == ["upload", "everything", "quiz"]
    assert list(library.course("legacy").tasks) == ["sum", "quiz"]


def test_without_a_list_tasks_are_ordered_by_order_and_then_by_number(tmp_path):
    make(tmp_path, "c/t10/task.yaml", "c/t9/task.yaml")
    make(tmp_path, "c/a/task.yaml", text=f"order: 1\n{TASK}")
    make(tmp_path, "c/z/task.yaml", text=f"order: 0\n{TASK}")
    assert list(CourseLibrary([tmp_path]).course("c").tasks) == ["t9", "t10", "z", "a"]


def test_tags_have_a_name_and_a_kind(library):
    tags = library.course("plain").tags
    assert (tags["loops"].name, tags["loops"].kind, tags["loops"].visible) == (
        "Loops",
        "skill",
        True,
    )
    assert (tags["off-by-one"].kind, tags["off-by-one"].visible) == ("misconception", False)


def test_a_task_may_be_json(tmp_path):
    make(tmp_path, "c/course.json", text="{}")
    (tmp_path / "c" / "course.json").write_text('{"name": "J"}')
    make(tmp_path, "c/t/task.json", text='{"environment_type": "mcq", "problems": {}}')
    assert CourseLibrary([tmp_path]).task("c/t").environment_type == "mcq"


def test_an_unrelated_folder_is_not_looked_through(tmp_path, monkeypatch):
    for number in range(30):
        (tmp_path / "big" / str(number) / "a" / "b").mkdir(parents=True)
    listed = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: listed.append(path) or scandir(path))
    monkeypatch.setattr(folders, "MAX_FOLDERS", 20)
    with pytest.raises(CourseError, match="more than 20 folders"):
        CourseLibrary().add(tmp_path / "big")
    assert 0 < len(listed) <= 20
    # The courses near the path are found all the same.
    make(tmp_path / "big", "intro/course.yaml", "intro/t/task.yaml")
    monkeypatch.setattr(folders, "MAX_FOLDERS", 60)
    assert [course.id for course in CourseLibrary().add(tmp_path / "big")] == ["intro"]


def test_a_folder_that_nobody_named_need_have_no_course(tmp_path):
    assert [str(error) for error in CourseLibrary([tmp_path]).problems] != []
    assert CourseLibrary([tmp_path], optional=True).problems == []
    make(tmp_path, "no course!/course.yaml")
    assert CourseLibrary([tmp_path], optional=True).problems != []


def test_a_home_of_nobody_is_a_folder_that_there_is_not():
    with pytest.raises(CourseNotFoundError, match="There is no folder ~nobody-here/courses"):
        CourseLibrary().add("~nobody-here/courses")
