"""Faults of courses, all at once and before anybody submits: an author's check.

Nothing is graded and nothing is run; `replay` does that. Each fault has a file and, where one is
known, a line.
"""

from __future__ import annotations

import ast
import re
import shutil
import sys
import tempfile
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from inginious_nb.course import CourseLibrary, probing
from inginious_nb.course.environment import MCQ
from inginious_nb.course.folders import COURSE_FILES, TASK_FILES
from inginious_nb.course.yaml_file import read_mapping
from inginious_nb.errors import CourseError
from inginious_nb.i18n import Message, faults

from .agents.environments import OfferedEnvironments
from .agents.local import DEFAULT_ENVIRONMENTS
from .imports import imports_of
from .job.command import RUN_FILES, CommandError, CommandFinder
from .job.interpreters import SYSTEM_PATH, system_python
from .job.python_environments import about
from .job.python_packages import PACKAGES
from .misspellings import misspellings
from .ssh import can_open_ssh

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from inginious_nb.course import Course, Task

Severity = Literal["error", "warning"]

_SET_TAG = re.compile(r"""\bset_tag\(\s*["']([^"'\s]+)["']|\btag-set\s+["']?([\w.-]+)""")
_TEMPLATE = re.compile(
    r"""\bparse_template\(\s*["'](?:/task/)?([\w./-]+)["']|\bparsetemplate\s+(?:/task/)?(\w[\w./-]*)""",
    re.ASCII,
)
_MIN_ANSWER_LENGTH = 20
"""A shorter answer may stand in a public file by chance."""
_MAX_READ_BYTES = 1_000_000
_COMMANDS = {
    path.name: f"/bin/{path.name}"
    for path in (Path(__file__).parent / "grading_api" / "bin").iterdir()
}
"""The commands of the grading API, where a job sees them."""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a course.

    Attributes:
        severity: An error keeps students from being graded; a warning may be meant so.
        path: The file, or the folder that lacks one.
        line: The 1-based line, None where none is known.
        message: The fault, and what to do.
    """

    severity: Severity
    path: Path
    line: int | None
    message: str


def check_courses(path: Path, *, aliases: Mapping[str, str] | None = None) -> list[Fault]:
    """Return the faults of the courses in a folder, by file.

    Args:
        path: The folder of a course, or of several.
        aliases: More environment names, each with the one that stands for it.

    Raises:
        CourseError: There is no course.
        ServiceError: An alias makes no sense.
    """
    library = CourseLibrary()
    courses = library.add(path)
    offered = OfferedEnvironments(
        library, DEFAULT_ENVIRONMENTS, aliases or {}, has_shells=can_open_ssh()
    )
    found = [_of(problem, path) for problem in library.problems]  # beside the courses
    for course in courses:
        found += _faults(course, offered)
    faults = dict.fromkeys(found)  # $common is that of several tasks
    return sorted(faults, key=lambda fault: (str(fault.path), fault.line or 0, fault.message))


def _faults(course: Course, offered: OfferedEnvironments) -> Iterator[Fault]:
    if course.error is not None:
        yield _of(course.error, _file(course.path, COURSE_FILES))
    for task_id, error in course.broken.items():
        yield _of(error, course.path / task_id)
    if not course.tasks and not course.broken:
        message = Message("There is no task yet: inginious-nb new task COURSE/TASK makes one.")
        yield Fault("warning", course.path, None, message)
    for path, line, text in misspellings(course):
        yield Fault("warning", path, line, text)
    for task in course.tasks.values():
        file = _file(task.path, TASK_FILES)
        refusal = offered.refusal(course.id, task.id, (task.environment_type, task.environment_id))
        if refusal:
            yield Fault("error", file, _line_with(file, "environment"), refusal)
        if task.environment_type != MCQ:
            yield from _faults_of_scripts(course, task, file)
            if not refusal:
                yield from _missing_modules(course, task, offered)
        yield from _faults_of_records(task, file)


def _of(error: CourseError, file: Path) -> Fault:
    return Fault("error", error.path or file, error.line, error.text)


def _faults_of_scripts(course: Course, task: Task, file: Path) -> Iterator[Fault]:
    common = course.common_directory
    scripts = [
        folder / name
        for folder in (task.path, common)
        if folder is not None
        for name in RUN_FILES
        if (folder / name).is_file()
    ]
    with _as_job_sees_it(task) as root:
        finder = CommandFinder(root, common, root_seen="", path=SYSTEM_PATH, commands=_COMMANDS)
        try:
            finder.find(task.environment_parameters.get("run_cmd"))
        except CommandError as error:
            yield Fault("error", scripts[0] if scripts else file, None, faults.cause(error.text))
    tags = course.tags
    for script in scripts:
        yield from _faults_of_syntax(script)
        for number, name in _missing_templates(task, script):
            message = Message(
                "The task {task} has no file {name}, which the script fills with the answers.",
                task=task.id,
                name=name,
            )
            yield Fault("warning", script, number, message)
        for number, line in enumerate(probing.beginning(script, _MAX_READ_BYTES).splitlines(), 1):
            for match in _SET_TAG.finditer(line):
                tag = match.group(1) or match.group(2)
                if tag not in tags:
                    message = Message(
                        "The test {tag} has no name: give it one under tags in course.yaml.",
                        tag=tag,
                    )
                    yield Fault("warning", script, number, message)


def _missing_templates(task: Task, script: Path) -> Iterator[tuple[int, str]]:
    """Yield which templates a script names, with its line, that are not in the task."""
    text = probing.beginning(script, _MAX_READ_BYTES)
    for number, line in enumerate(text.splitlines(), 1):
        for match in _TEMPLATE.finditer(line):
            name = match.group(1) or match.group(2)
            if not name.startswith("/") and not (task.path / name).exists():
                yield number, name


def _faults_of_syntax(script: Path) -> Iterator[Fault]:
    """Yield where a script in Python 3 is none; what IPython runs is another language."""
    text = probing.beginning(script, _MAX_READ_BYTES)
    if not text.startswith("#!") or "python3" not in text.partition("\n")[0]:
        return  # among them one that begins with a byte order mark, which has been named
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a \\d in a string of somebody's
            ast.parse(text)
    except (SyntaxError, ValueError) as error:
        message = Message(
            "Python {version} cannot read {file}: {reason}.",
            version="{}.{}".format(*sys.version_info),
            file=script.name,
            reason=getattr(error, "msg", str(error)),
        )
        yield Fault("error", script, getattr(error, "lineno", None), message)
    except (RecursionError, MemoryError):
        return


def _missing_modules(course: Course, task: Task, offered: OfferedEnvironments) -> Iterator[Fault]:
    """Yield what the scripts of a task import and its Python has not."""
    folders = [task.path] + ([course.common_directory] if course.common_directory else [])
    scripts = [folder / name for folder in folders for name in RUN_FILES]
    filled = {Path(name).stem for file in scripts for _, name in _missing_templates(task, file)}
    found = [
        each
        for each in imports_of(folders, RUN_FILES)
        if each.module not in (*PACKAGES, *sys.stdlib_module_names, *filled)
    ]
    if not found:
        return
    python = offered.python(course.id, (task.environment_type, task.environment_id))
    program = python.program if python is not None else system_python() or sys.executable
    lacking = about(program, {each.module for each in found}).lacking
    for each in found:
        if each.module in lacking:
            message = Message(
                "The environment {environment} of the task {task} has no module {module}: install "
                "it into that Python ({python}), or name one that has it "
                "(c.Inginious.environments).",
                environment=task.environment_id,
                task=task.id,
                module=each.module,
                python=program,
            )
            yield Fault("error", each.path, each.line, message)


def _faults_of_records(task: Task, file: Path) -> Iterator[Fault]:
    records = sorted((task.path / "test").glob("*.test"))
    if not records:
        message = Message(
            "The task has no recorded submission: put one into test/, and inginious-nb test shows "
            "whether it is still graded as it was."
        )
        yield Fault("warning", file, None, message)
    public = [path for path in task.public_directory.rglob("*") if path.is_file()]
    for path in public:
        if path.suffix == ".test" or path.name in RUN_FILES:
            message = Message("{name} is in public/, where students can read it.", name=path.name)
            yield Fault("error", path, None, message)
    contents = {path: probing.beginning(path, _MAX_READ_BYTES) for path in public}
    for record in records:
        try:
            recorded = read_mapping(record)
        except CourseError as error:
            yield _of(error, record)
            continue
        if recorded.get("result") != "success":
            continue
        for answer in _answers(recorded):
            for path, content in contents.items():
                if answer in content:
                    message = Message(
                        "A right answer ({record}) stands in public/, where students can read it.",
                        record=record.name,
                    )
                    yield Fault("error", path, None, message)


def _answers(recorded: Mapping[Any, Any]) -> Iterator[str]:
    sent = recorded.get("input")
    for key, value in sent.items() if isinstance(sent, dict) else ():
        text = value.get("value") if isinstance(value, dict) else value
        if isinstance(text, bytes):
            text = text.decode("utf-8", "replace")
        if not isinstance(text, str) or str(key).startswith("@"):
            continue
        if len(text.strip()) >= _MIN_ANSWER_LENGTH:
            yield text.strip()


@contextmanager
def _as_job_sees_it(task: Task) -> Iterator[Path]:
    """Make a folder in which ``task`` is the task, its files executable as a job's copies are."""
    with tempfile.TemporaryDirectory(prefix="inginious-check-") as folder:
        root = Path(folder)
        shutil.copytree(task.path, root / "task", symlinks=True, ignore=_large_and_odd)
        for path in (root / "task").rglob("*"):
            if path.is_file() and not path.is_symlink():
                path.chmod(0o755)
        yield root


def _large_and_odd(folder: str, names: list[str]) -> list[str]:
    """Leave out what is no program: large files, pipes and what cannot be read."""

    def is_odd(path: Path) -> bool:
        try:
            return not path.is_dir() and (
                not path.is_file() or path.stat().st_size > _MAX_READ_BYTES
            )
        except OSError:
            return True

    return [name for name in names if is_odd(Path(folder, name))]


def _file(folder: Path, names: tuple[str, ...]) -> Path:
    return next((folder / name for name in names if (folder / name).is_file()), folder)


def _line_with(file: Path, word: str) -> int | None:
    lines = probing.beginning(file, _MAX_READ_BYTES).splitlines()
    return next((n for n, line in enumerate(lines, 1) if line.lstrip().startswith(word)), None)
