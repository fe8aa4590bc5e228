"""``inginious-nb …`` (also ``jupyter inginious …``): submit notebooks, and run the grading service.

What people read goes to standard output, what goes wrong to standard error as one sentence.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from inginious_nb import __version__
from inginious_nb.errors import (
    BackendUnavailableError,
    InginiousError,
    UsageError,
    WaitTimeoutError,
)
from inginious_nb.grader import commands
from inginious_nb.grader.replay import replay_course
from inginious_nb.grammar.parsing import CommandWords, pairs
from inginious_nb.notebook.answers import from_cells, from_words
from inginious_nb.notebook.cells import submitted_tasks
from inginious_nb.notebook.saved_notebook import read_notebook
from inginious_nb.session import Session
from inginious_nb.settings import load_settings, settings_text

from . import tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inginious_nb.course import Task
    from inginious_nb.grader.replay import Replayed
    from inginious_nb.notebook.saved_notebook import SavedNotebook
    from inginious_nb.submissions.history import Attempt
    from inginious_nb.submissions.submission import Submission

_FAILED = 1
_LAST_PORT = 65535


class _Commands(CommandWords):
    """Commands whose errors are one sentence on standard error."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except InginiousError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
@click.option("-v", "--verbose", count=True, help="Log more; twice for everything.")
def main(verbose: int) -> None:
    """Submit notebook cells to INGInious, and run its grading service on this machine."""
    level = (logging.WARNING, logging.INFO, logging.DEBUG)[min(verbose, 2)]
    logging.basicConfig(level=level, format="%(levelname)s %(name)s: %(message)s")


def _service_options(function: Any) -> Any:
    for option in (
        click.option(
            "--backend", help="Client address of an INGInious backend (default: embedded)."
        ),
        click.option(
            "--courses",
            multiple=True,
            type=click.Path(exists=True, file_okay=False),
            help="A course folder, or a folder of course folders; may be repeated.",
        ),
    ):
        function = option(function)
    return function


@main.command()
@click.argument("notebook", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("words", nargs=-1, metavar="[COURSE/TASK] [PROBLEM=VALUE]...")
@_service_options
@click.option("--timeout", "timeout_s", type=float, help="Seconds to wait for each result.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
def submit(
    notebook: Path,
    words: tuple[str, ...],
    *,
    backend: str | None,
    courses: tuple[str, ...],
    timeout_s: float | None,
    as_json: bool,
) -> None:
    """Submit the answers in a notebook file and print how they were graded.

    Without a task, every task that the notebook opens or submits is submitted. The exit status
    is 0 when every answer was graded, whatever the grade.
    """
    try:
        saved = read_notebook(notebook)
    except (OSError, ValueError) as error:
        raise UsageError(f"{notebook} cannot be read as a notebook ({error}).") from error
    reference, given = pairs(words)
    wanted = [(reference, given)] if reference else submitted_tasks(saved.cells)
    with _session(backend, courses, notebook.parent) as session:
        outcomes = list(_submit_all(session, saved, wanted, timeout_s))
    if not outcomes:
        raise UsageError(f"{notebook} names no task; say which one: COURSE/TASK.")
    if as_json:
        click.echo(json.dumps([_as_json(*outcome) for outcome in outcomes], indent=2))
    else:
        Console().print(tables.graded(outcomes))
    if any(isinstance(outcome, str) for _, outcome in outcomes):
        sys.exit(_FAILED)


def _submit_all(
    session: Session,
    notebook: SavedNotebook,
    wanted: list[tuple[str, dict[str, str]]],
    timeout_s: float | None,
) -> Iterator[tuple[str, Attempt | str]]:
    """Submit each task once, all at the same time; yield its attempt or why there is none."""
    unknown: set[str] = set()
    tasks: dict[str, tuple[Task, dict[str, str]]] = {}
    for reference, given in wanted:
        if reference in unknown:
            continue
        try:
            task, _ = session.task_and_problem(reference)
        except InginiousError as error:
            unknown.add(reference)
            hint = "" if session.library.courses else " Name their folder with --courses FOLDER."
            yield reference, f"{error}{hint}"
            continue
        tasks.setdefault(f"{task.course_id}/{task.id}", (task, {}))[1].update(given)
    under_way: list[tuple[str, Submission | InginiousError]] = []
    for name, (task, given) in tasks.items():
        try:
            answers = from_words(task, given, directory=notebook.path.parent)
            answers.fill_from(
                from_cells(task, notebook.cells, "notebook-file", read_at=notebook.saved_at)
            )
            submission = session.submit(
                task, answers.values, origin="cli", sources=tuple(answers.sources.values())
            )
            under_way.append((name, submission))
        except InginiousError as error:
            under_way.append((name, error))
    for name, sent in under_way:
        if isinstance(sent, InginiousError):
            yield name, str(sent)
            continue
        try:
            result = session.wait(sent, timeout_s)
        except (WaitTimeoutError, BackendUnavailableError) as error:
            yield name, f"{error} Your answers are kept: in a notebook, %inginious resubmit."
            continue
        except InginiousError as error:
            yield name, str(error)
            continue
        attempt = session.history.get(sent.id)
        if attempt is None or attempt.outcome is None:
            yield (
                name,
                f"{result.result[0]}, {result.grade:g} %; it could not be kept, see the log.",
            )
        else:
            yield name, attempt


def _as_json(reference: str, outcome: Attempt | str) -> dict[str, Any]:
    if isinstance(outcome, str) or outcome.outcome is None:
        return {"task": reference, "error": str(outcome)}
    result = outcome.outcome
    return {
        "task": reference,
        "id": outcome.id,
        "attempt": outcome.number,
        "result": result.result[0],
        "grade": result.grade,
        "feedback": result.result[1],
        "problems": {name: list(pair) for name, pair in result.problems.items()},
        "tests": result.tests,
    }


@contextmanager
def _session(
    backend: str | None, courses: tuple[str, ...], directory: Path | None = None
) -> Iterator[Session]:
    settings = load_settings()
    if backend is not None:
        settings.backend = backend
    if courses:
        settings.courses = list(courses)
    session = Session(settings, directory=directory)
    try:
        yield session
    finally:
        session.close()


@main.command("courses")
@_service_options
def list_courses(*, backend: str | None, courses: tuple[str, ...]) -> None:
    """List the courses found near this folder, with their tasks and your grades."""
    with _session(backend, courses) as session:
        found = session.library.courses.values()
        if not found:
            raise UsageError(
                "There is no course in this folder or in its folder courses; "
                "name the one with your courses: --courses FOLDER."
            )
        console = Console()
        console.print(tables.courses(found))
        console.print(tables.tasks(session, found))
        for sentence in tables.broken(found):
            console.print(sentence, markup=False, highlight=False)


@main.command()
@click.option("--limit", default=20, show_default=True, help="How many to list.")
def history(*, limit: int) -> None:
    """List what you submitted, from wherever."""
    with _session(None, ()) as session:
        Console().print(tables.history(session.history.recent(session.settings.username, limit)))


@main.command()
def settings() -> None:
    """Explain the settings."""
    click.echo(settings_text())


@main.command()
@click.argument("agent_addr")
@click.argument("client_addr")
def backend(agent_addr: str, client_addr: str) -> None:
    """Run a backend as inginious-backend does, for agents at AGENT_ADDR and clients at CLIENT_ADDR.

    It has no passwords, as INGInious's has none: whoever reaches CLIENT_ADDR may submit. Listen on
    127.0.0.1 unless the network is yours.
    """
    _tell_of_itself()
    commands.run_backend(agent_addr, client_addr)


def _tell_of_itself() -> None:
    """Let a command that serves for long say on stderr what it does, without being asked to."""
    logger = logging.getLogger(commands.__name__)
    logger.setLevel(min(logging.INFO, logger.getEffectiveLevel()))


def _range(_context: click.Context, _option: click.Parameter, text: str | None) -> range | None:
    if text is None:
        return None
    first, _, last = text.partition("-")
    if not (first.isdecimal() and last.isdecimal() and 0 < int(first) <= int(last) <= _LAST_PORT):
        raise click.BadParameter("write it as in 64120-64130")
    return range(int(first), int(last) + 1)


@main.command()
@click.argument("backend_addr")
@click.option(
    "--tasks",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder with the course folders.",
)
@click.option("--slots", type=click.IntRange(min=1), help="Jobs at a time (default: one per core).")
@click.option("--name", help="What the queue calls it (default: the machine's name).")
@click.option(
    "--ssh-ports",
    metavar="FIRST-LAST",
    callback=_range,
    help="Ports of this machine for shells into jobs (default: 64120-64130).",
)
def agent(
    backend_addr: str, tasks: Path, slots: int | None, name: str | None, ssh_ports: range | None
) -> None:
    """Run an agent for a backend, ours or INGInious's: choices and scripts in one.

    Scripts run on this machine, isolated as far as its sandbox goes; strangers' code belongs on
    INGInious's docker agent.
    """
    settings = load_settings()
    _tell_of_itself()
    commands.run_agent(
        backend_addr,
        tasks,
        slots or settings.slots or None,
        sandbox=settings.sandbox,
        environment_aliases=settings.environments,
        friendly_name=name,
        ssh_ports=ssh_ports,
    )


@main.command("test")
@click.argument("course", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("task", required=False)
def replay(course: Path, task: str | None) -> None:
    """Grade the recorded submissions (test/*.test) of a COURSE folder again, or of one TASK.

    Prints what differs from the record: the result, the grade, or one of its tests. The exit status
    is 0 when nothing does.
    """
    replayed = asyncio.run(_replay(course, task))
    if not replayed:
        raise UsageError(f"{course} has no recorded submissions (TASK/test/*.test).")
    differing = [record for record in replayed if record.error or record.differences]
    if differing:
        Console().print(tables.replayed(differing))
    records = "recorded submission" if len(replayed) == 1 else "recorded submissions"
    differ = "differs" if len(differing) == 1 else "differ"
    click.echo(f"{len(replayed)} {records}, {len(differing)} {differ} from the record.")
    if differing:
        sys.exit(_FAILED)


async def _replay(course: Path, task: str | None) -> list[Replayed]:
    settings = load_settings()
    records = replay_course(course, task, sandbox=settings.sandbox, aliases=settings.environments)
    return [record async for record in records]
