"""An author's notebook: new courses and tasks, files written from cells, records tried on save."""

from __future__ import annotations

import os

import pytest

from inginious_nb.course.task_files import TaskFiles
from inginious_nb.errors import UsageError
from tests.support.kernel import running_kernel


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("author")
    with running_kernel(folder, INGINIOUS_HISTORY=folder / "history.sqlite") as kernel:
        assert kernel.run("%load_ext inginious_nb").status == "ok"
        yield kernel


def said(outputs):
    return " ".join(outputs.text.split())


def test_a_task_is_made_changed_and_tried_in_cells(kernel):
    assert "is a course" in said(kernel.run("%inginious new course pyexam"))
    made = said(kernel.run("%inginious new task pyexam/hello --kind match"))
    assert "%inginious try pyexam/hello" in made
    tried = kernel.run("%inginious try pyexam/hello")
    assert "2 recorded submissions, 0 not as recorded" in said(tried)
    file = kernel.cwd / "pyexam/hello/task.yaml"
    shown = kernel.run("%inginious edit pyexam/hello")
    assert shown.status == "ok"
    edited = file.read_text().replace("answer: ", "answer: x")
    assert edited != file.read_text()
    written = kernel.run(f"%%inginious edit pyexam/hello/task.yaml\n{edited}")
    assert "Written" in said(written)
    assert "1 not as recorded" in said(kernel.run("%inginious try pyexam/hello"))
    kernel.run("%inginious new task pyexam/more --kind match")
    assert "pyexam: 4 recorded submissions, 1 not" in said(kernel.run("%inginious try pyexam"))


def test_a_fault_is_told_at_once_and_can_be_mended_from_a_cell(kernel):
    kernel.run("%inginious new course faulty")
    kernel.run("%inginious new task faulty/hello --kind match")
    file = kernel.cwd / "faulty/hello/task.yaml"
    right = file.read_text()
    broken = kernel.run("%%inginious edit faulty/hello --force\nname: [unclosed")
    assert "task.yaml" in broken.text
    assert "valid YAML" in said(broken)
    kernel.run(f"%%inginious edit faulty/hello\n{right}")
    assert file.read_text() == right


@pytest.mark.parametrize("name", ["course.yaml", "$common/marking.py"])
def test_files_of_the_course_are_edited_and_never_over_a_newer_one(kernel, name):
    kernel.run("%inginious new course shared")
    kernel.run("%inginious new task shared/hello --kind match")
    file = kernel.cwd / "shared" / name
    if not file.exists():
        assert "Written" in said(kernel.run(f"%%inginious edit shared/{name}\nfirst = 1"))
    before = file.read_text()
    kernel.run("common = 'a variable'")  # which IPython puts in the place of $common elsewhere
    assert kernel.run(f"%inginious edit shared/{name}").status == "ok"
    assert "There is no file" in said(kernel.run("%inginious edit shared/hello/helper.py"))
    assert "Written" in said(kernel.run(f"%%inginious edit shared/{name}\n{before}# more"))
    file.write_text(before)
    refused = said(kernel.run(f"%%inginious edit shared/{name}\n{before}# mine"))
    assert "was changed elsewhere" in refused
    assert file.read_text() == before


def test_a_fault_of_the_course_is_told_where_its_tasks_are_tried(kernel):
    kernel.run("%inginious new course astray")
    kernel.run("%inginious new task astray/hello --kind match")
    broken = kernel.run("%%inginious edit astray/course.yaml --force\nname: [unclosed")
    assert "course.yaml, line 1 is not valid YAML" in said(broken)
    tried = said(kernel.run("%inginious try astray/hello"))
    assert "course.yaml, line 1 is not valid YAML" in tried
    assert "2 recorded submissions, 0 not as recorded" in tried


def test_the_id_of_an_open_course_will_do(kernel):
    (kernel.cwd / "elsewhere").mkdir()
    kernel.run("%inginious new course elsewhere/far")
    kernel.run("%inginious new task far/near --kind bash")
    assert os.access(kernel.cwd / "elsewhere/far/near/run", os.X_OK)


@pytest.mark.parametrize(
    "line",
    [
        "new thing x",
        "new course pyexam2 --kind c",
        "new task nowhere/x",
        "new task pyexam/y --kind cobol",
        "new task pyexam/a%b",
        "edit pyexam",
        "edit pyexam/none/run",
        "edit pyexam/$common",
        "edit pyexam/$common/../course.yaml",
        "edit pyexam/$nothing/x",
    ],
)
def test_what_cannot_be_made_is_refused_and_leaves_nothing(kernel, line):
    kernel.run("%inginious new course pyexam")
    before = sorted(kernel.cwd.rglob("*"))
    refused = kernel.run(f"%inginious {line}")
    assert refused.status == "error" or refused.text.strip()
    assert sorted(kernel.cwd.rglob("*")) == before


def test_what_was_changed_elsewhere_is_not_written_over(tmp_path):
    files, run = TaskFiles(), tmp_path / "run"
    run.write_text("#!/bin/sh\nold\n")
    run.chmod(0o750)
    with pytest.raises(UsageError, match=r"-old\n\+mine"):
        files.write(tmp_path, "run", "#!/bin/sh\nmine\n")
    assert files.read(tmp_path, "run") == "#!/bin/sh\nold\n"
    files.write(tmp_path, "run", "#!/bin/sh\nmine\n")
    files.write(tmp_path, "run", "#!/bin/sh\nmine, again\n")
    run.write_text("#!/bin/sh\na colleague's\n")
    with pytest.raises(UsageError, match="colleague"):
        files.write(tmp_path, "run", "#!/bin/sh\nmine, too\n")
    assert "colleague" in run.read_text()
    files.write(tmp_path, "run", "#!/bin/sh\nmine, too\n", force=True)
    assert run.read_text() == "#!/bin/sh\nmine, too\n"
    assert run.stat().st_mode & 0o777 == 0o750
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run"]


@pytest.mark.parametrize("name", ["../x", "/x", "", "a/../../x", "link/x", "."])
def test_nothing_is_written_outside_of_the_task(tmp_path, name):
    task = tmp_path / "task"
    task.mkdir()
    (task / "link").symlink_to(tmp_path)
    with pytest.raises(UsageError):
        TaskFiles().write(task, name, "x", force=True)
    assert not (tmp_path / "x").exists()


def test_records_are_graded_again_after_each_save(kernel):
    kernel.run("%inginious new course watched")
    kernel.run("%inginious new task watched/hello --kind match")
    kernel.run(
        "import queue; import inginious_nb.magics.live_try as live; live.INTERVAL_S = 0.05\n"
        "from IPython.display import DisplayHandle\n"
        "updates = queue.Queue()\n"
        "DisplayHandle.update = lambda self, shown, **_: updates.put(shown)"
    )
    first = kernel.run("%inginious try watched/hello --watch")
    assert "0 not as recorded" in said(first)
    file = kernel.cwd / "watched/hello/task.yaml"
    file.write_text(file.read_text().replace("answer: ", "answer: x"))
    updated = kernel.run("str(updates.get(timeout=30).caption)")
    assert "1 not as recorded" in said(updated)
