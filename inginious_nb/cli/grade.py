"""``inginious-nb grade``: grade the notebooks of a class."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from inginious_nb.classroom import export, report, surroundings
from inginious_nb.classroom.class_lock import only_grader
from inginious_nb.classroom.grading import ClassGrading
from inginious_nb.classroom.notebooks import find_notebooks
from inginious_nb.errors import UsageError
from inginious_nb.i18n import Message, in_language, printable, visible
from inginious_nb.notebook.grammar.command_group import Command
from inginious_nb.notebook.grammar.commands import (
    CLASS_JOBS,
    CLASS_TASKS,
    MAGICS,
    NO_ISOLATION,
    STUDENT_FROM,
)
from inginious_nb.settings import load_settings

from . import tables
from .output import print_table, say
from .sessions import SERVICE_OPTIONS, opened_session
from .written_files import check_can_be_written, write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inginious_nb.classroom import ClassState, Entry
    from inginious_nb.notebook.review import Magics
    from inginious_nb.session import Session

_FAILED = 1
_OUTPUT = click.Path(dir_okay=False, writable=True, path_type=Path)


@click.command(
    cls=Command,
    params=[
        click.Argument(
            ["paths"], nargs=-1, required=True, type=click.Path(exists=True, path_type=Path)
        ),
        CLASS_TASKS,
        STUDENT_FROM,
        CLASS_JOBS,
        click.Option(["--regrade"], is_flag=True, help="Grade again what was graded before."),
        NO_ISOLATION,
        click.Option(["--csv", "csv_file"], type=_OUTPUT, help="Write the grades as CSV."),
        click.Option(
            ["--decimal-comma"],
            is_flag=True,
            help="Write the CSV for a spreadsheet in French, German…: semicolons, decimal commas.",
        ),
        click.Option(["--html", "html_file"], type=_OUTPUT, help="Write a report as HTML."),
        click.Option(["--json", "json_file"], type=_OUTPUT, help="Write everything as JSON."),
        click.Option(["--anonymous"], is_flag=True, help="Leave the names out of the report."),
        click.Option(
            ["--history"],
            type=_OUTPUT,
            help="File that keeps what was graded (default: one for these folders).",
        ),
        MAGICS,
        *SERVICE_OPTIONS,
    ],
)
def grade(
    paths: tuple[Path, ...],
    *,
    tasks: tuple[str, ...],
    student_from: str | None,
    jobs: int | None,
    regrade: bool,
    no_isolation: bool,
    csv_file: Path | None,
    decimal_comma: bool,
    html_file: Path | None,
    json_file: Path | None,
    anonymous: bool,
    history: Path | None,
    magics: Magics | None,
    backend: str | None,
    courses: tuple[str, ...],
) -> None:
    """Grade the notebooks of a class: one a student, a folder a student, or nbgrader's folders.

    What was graded before is not graded again, so a run that was interrupted goes on where it
    ended. The exit status is 0 when every answer that was handed in got a grade, 1 when one got
    none, a file could not be written or another program grades the same class, 130 after Ctrl-C.
    """
    check_can_be_written(filter(None, (csv_file, json_file, html_file)))
    notebooks = find_notebooks(paths, student_from or "")
    jobs = jobs or surroundings.default_jobs()
    kept = history or surroundings.history_of(paths, load_settings().history)
    title = ", ".join(path.resolve().name for path in paths)
    with only_grader(kept):
        with opened_session(backend, courses, history=kept, slots=jobs) as session:
            sandbox = surroundings.checked_sandbox(session, allowed=no_isolation)
            lang = session.language
            grading = ClassGrading(session, notebooks, tasks, magics=magics or "refuse")
            if not grading.state.tasks:
                raise UsageError(
                    grading.nothing_read
                    or Message("The notebooks name no task; say which one: --task COURSE/TASK.")
                )
            _run(session, grading, surroundings.under_way(jobs), regrade=regrade)
            session.history.write_pending()
            kept_nowhere = _not_kept(session)
        state = grading.state
        not_written = []
        if csv_file is not None:
            as_csv = export.as_csv(state, lang, decimal_comma=decimal_comma)
            not_written.append(write(csv_file, as_csv))
        if json_file is not None:
            as_json = export.as_json(state, sandbox=sandbox, lang=lang)
            not_written.append(write(json_file, as_json))
        if html_file is not None:
            written = report.as_html(
                state, title=title, sandbox=sandbox, lang=lang, anonymous=anonymous
            )
            not_written.append(write(html_file, written))
    _tell_grades(state, lang)
    _tell_failures([failure for failure in not_written if failure], kept_nowhere, lang)
    if any(not_written) or any(entry.state in ("refused", "ungraded") for entry in state.entries):
        sys.exit(_FAILED)


def _tell_grades(state: ClassState, lang: str) -> None:
    """Print the grades, and on standard error why some are missing or old."""
    print_table(tables.class_grades(state, lang))
    for entry in state.entries:
        if entry.message and entry.state != "missing":
            text = in_language(entry.message, lang)
            say(f"{entry.student}, {entry.task}: {text}", err=True)
    _tell_reused(state, lang)


def _tell_failures(not_written: Sequence[Message], kept_nowhere: Message | None, lang: str) -> None:
    """Print on standard error which files could not be written, and what is lost with them."""
    failures = list(not_written)
    if kept_nowhere is not None:
        failures.append(kept_nowhere)
    elif not_written:
        failures.append(
            Message("What was graded is kept: the same command writes it and grades nothing again.")
        )
    for failure in failures:
        say(failure, lang, err=True)


def _not_kept(session: Session) -> Message | None:
    """Return why what is graded is lost when the command ends; None where it is kept."""
    history = session.history
    if history.unusable is None:
        return history.warning
    return Message(
        "What is graded cannot be kept in {path} ({reason}): the same command would grade it "
        "again. Make room, let it be written, or name another file with --history.",
        path=visible(str(history.path)),
        reason=history.unusable,
    )


def _run(session: Session, grading: ClassGrading, at_a_time: int, *, regrade: bool) -> None:
    """Grade with a progress bar on standard error."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task("", total=grading.total)

        def changed(entry: Entry) -> None:
            if entry.is_final:
                progress.update(bar, advance=1, description=f"{entry.student} {entry.task}")

        def tell_not_kept() -> None:
            if (text := _not_kept(session)) is not None:
                in_words = printable(in_language(text, session.language))
                progress.console.print(in_words, markup=False, highlight=False)

        tell_not_kept()  # now: whoever grades for hours may want to mend it first
        session.history.subscribe(tell_not_kept)
        grading_queue = grading.queue(at_a_time, changed)
        grading.fill(grading_queue, regrade=regrade)
        before = signal.signal(signal.SIGINT, lambda *_: grading_queue.interrupt())
        try:
            grading_queue.run()
        except KeyboardInterrupt:
            progress.console.print(
                _not_kept(session)
                or Message("What was graded is kept: the same command goes on from here."),
                markup=False,
                highlight=False,
            )
            raise
        finally:
            signal.signal(signal.SIGINT, before)


def _tell_reused(state: ClassState, lang: str) -> None:
    reused = sum(entry.is_reused for entry in state.entries)
    if reused:
        message = Message.plural(
            "One answer was graded before; --regrade grades it again.",
            "{n} answers were graded before; --regrade grades them again.",
            n=reused,
        )
        say(message, lang, err=True)


COMMANDS: Sequence[click.Command] = (grade,)
