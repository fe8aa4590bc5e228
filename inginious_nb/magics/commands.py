"""The commands behind ``%inginious``: each turns words into calls of the session.

What a command shows is a table or a widget; what it returns can be used in a program. The
docstrings are the help that people read.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click
from IPython.display import display

from inginious_nb.course import alternatives
from inginious_nb.errors import InginiousError, UsageError
from inginious_nb.grammar.parsing import (
    CELL_MAGIC,
    LANGUAGE,
    LINE_MAGIC,
    NOTEBOOK_COLUMNS,
    CommandWords,
    pairs,
    wrapped,
)
from inginious_nb.i18n import Message, Words, in_language, recognised
from inginious_nb.notebook.answers import Answers, from_words
from inginious_nb.notebook.cells import task_name
from inginious_nb.notebook.sources import AnswerSource
from inginious_nb.render import plain_text, printable
from inginious_nb.settings import settings_text
from inginious_nb.widget import AnswerView, TaskWidget
from inginious_nb.widget.snapshot import task_bundle

from .host import has_front_end, running_cell_id

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from IPython.core.interactiveshell import InteractiveShell

    from inginious_nb.client.results import JobResult
    from inginious_nb.course import Task
    from inginious_nb.session import Session
    from inginious_nb.submissions.submission import Debug

    from .capture import CellCapture
    from .handle import Handle
    from .submitting import Submitter


@dataclass(frozen=True)
class Notebook:
    """What the commands act on: one shell, its session, and the cell that was run.

    Attributes:
        body: The text below a ``%%inginious`` line; None for a line magic.
        answer_views: The view beneath each answer cell, by the id of the cell.
    """

    shell: InteractiveShell
    session: Session
    capture: CellCapture
    submitter: Submitter
    body: str | None = None
    answer_views: dict[str, AnswerView] = field(default_factory=dict)

    @property
    def lang(self) -> str:
        """The language that the person at this kernel reads."""
        return self.session.language

    def say(self, text: str, *, file: TextIO | None = None) -> None:
        """Print a sentence in that language."""
        click.echo(wrapped(printable(in_language(text, self.lang))), file=file)


@click.group(
    cls=CommandWords, add_help_option=False, context_settings={"help_option_names": ["--help"]}
)
def inginious() -> None:
    """Submit notebook cells to INGInious and read the feedback beneath them."""


@inginious.command("open")
@click.argument("task", required=False)
@click.pass_obj
def open_task(notebook: Notebook, task: str | None) -> None:
    """Show a task: its text, its problems, a button to submit."""
    opened = notebook.session.open(task)
    if has_front_end(notebook.shell):
        display(TaskWidget(opened, session=notebook.session))
    else:
        display(task_bundle(notebook.session.task_state(opened), notebook.lang), raw=True)


def _submit_options(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--wait", is_flag=True, help="Return when the result is there."),
        click.option("--debug", is_flag=True, help="Return the script's output too."),
        click.option("--ssh", is_flag=True, help="Open a remote shell instead of grading."),
        click.option("--lang", help="Language of the feedback, such as fr."),
    ):
        function = option(function)
    return function


@inginious.command()
@click.argument("words", nargs=-1, metavar="[COURSE/TASK] [PROBLEM=VALUE]...")
@_submit_options
@click.pass_obj
def submit(
    notebook: Notebook,
    words: tuple[str, ...],
    *,
    wait: bool,
    debug: bool,
    ssh: bool,
    lang: str | None,
) -> Handle:
    """Submit the cells tagged inginious:PROBLEM; as %%inginious, the rest of the cell.

    Returns at once; the value has result(), kill() and can be awaited. Without a task, the one
    opened last is meant. PROBLEM=VALUE gives an answer directly: a choice's number, a short text,
    the path of a file. As %%inginious submit COURSE/TASK[/PROBLEM] the text below is the answer.
    """
    reference, given_words = pairs(words)
    if notebook.body is None:
        task, _ = notebook.session.task_and_problem(reference)
        given = from_words(task, given_words)
    else:
        task, given = _answer_of_cell(notebook, reference, notebook.body)
        direct = from_words(task, given_words)
        direct.fill_from(given)
        given = direct
    notebook.session.current_task = task
    mode: Debug = "ssh" if ssh else debug
    return notebook.submitter.submit(task, given, wait=wait, debug=mode, lang=lang)


def _answer_of_cell(notebook: Notebook, reference: str | None, body: str) -> tuple[Task, Answers]:
    """The task that ``%%inginious submit REFERENCE`` means, and the cell's body as an answer."""
    task, problem_id = notebook.session.task_and_problem(reference)
    if problem_id is None:
        if len(task.problems) != 1:
            raise UsageError(
                Message(
                    "The task {task} has {n} problems; say which one this cell answers: "
                    "%%inginious submit {course}/{task}/PROBLEM, with PROBLEM one of {problems}.",
                    task=task.id,
                    n=len(task.problems),
                    course=task.course_id,
                    problems=", ".join(task.problems),
                )
            )
        (problem_id,) = task.problems
    answers = Answers()
    cell_id = running_cell_id(notebook.shell)
    source = AnswerSource(
        problem_id, "cell", Message("this cell"), (cell_id,) if cell_id else (), time.time()
    )
    answers.add(body, source)
    return task, answers


@inginious.command()
@click.argument("problem")
@click.pass_obj
def answer(notebook: Notebook, problem: str) -> None:
    """As %%inginious answer PROBLEM: run this cell as usual and keep it as the answer.

    PROBLEM may be written COURSE/TASK/PROBLEM where several tasks have a problem of that name.
    """
    if notebook.body is not None:
        # Only reached where somebody calls the cell magic by a program: the hook was not there.
        notebook.capture.keep(f"{CELL_MAGIC} answer {problem}\n{notebook.body}")
        notebook.shell.run_cell(notebook.body)
    try:
        task_of_problem(notebook.session, problem)
    except InginiousError as error:
        # The cell itself is still run: it may be needed by others.
        notebook.say(error.text, file=sys.stderr)


def show_answer(notebook: Notebook, reference: str) -> None:
    """Show the slim view of the problem that a cell has just answered.

    It is one widget as long as the cell answers the same: a cell is run many times, and the output
    may be shown elsewhere, too.
    """
    if not has_front_end(notebook.shell):
        return
    try:
        task, problem_id = task_of_problem(notebook.session, reference)
    except InginiousError:
        return  # said before the cell ran
    # A host that does not tell cell ids gets one view a problem.
    key = running_cell_id(notebook.shell) or reference
    view = notebook.answer_views.get(key)
    if view is None or (view.mirror.task, view.problem_id) != (task, problem_id):
        if view is not None:
            view.close()
        view = notebook.answer_views[key] = AnswerView(task, problem_id, session=notebook.session)
    display(view)


def task_of_problem(session: Session, reference: str) -> tuple[Task, str]:
    """The task and problem that PROBLEM, TASK/PROBLEM or COURSE/TASK/PROBLEM means.

    Raises:
        UsageError: No known task, or more than one, has such a problem.
    """
    current = session.current_task
    known = [task for course in session.library.courses.values() for task in course.tasks.values()]
    candidates = [current, *known] if current is not None else known
    found = {
        (task.course_id, task.id): (task, problem_id)
        for task in candidates
        if (problem_id := task_name(task).problem(reference)) is not None
    }
    if current is not None and (current.course_id, current.id) in found:
        return found[current.course_id, current.id]
    if len(found) == 1:
        return next(iter(found.values()))
    if found:
        raise UsageError(
            Message(
                "Several tasks have a problem {problem}; write {names}, or open the task first "
                "with %inginious open.",
                problem=reference,
                names=alternatives([f"{course}/{task}/{reference}" for course, task in found]),
            )
        )
    raise UsageError(
        Message(
            "No task here has a problem {problem}; %inginious tasks lists the tasks and their "
            "problems.",
            problem=reference,
        )
    )


@inginious.command()
@click.argument("folder", required=False)
@click.pass_obj
def courses(notebook: Notebook, folder: str | None) -> None:
    """List the courses; with a FOLDER, add the courses in it first."""
    session = notebook.session
    if folder is not None:
        session.add_courses(Path(folder))
    if not session.library.courses:
        raise UsageError(
            Message(
                "There is no course near this notebook; add one with %inginious courses FOLDER."
            )
        )
    found = session.library.courses.values()
    display(_tables().courses(found, notebook.lang))
    for sentence in _tables().broken(found):
        notebook.say(sentence)


@inginious.command()
@click.argument("course", required=False)
@click.pass_obj
def tasks(notebook: Notebook, course: str | None) -> None:
    """List the tasks of a course, or of all, with your grades."""
    library = notebook.session.library
    chosen = [library.course(course)] if course else list(library.courses.values())
    display(_tables().tasks(notebook.session, chosen, notebook.lang))
    for sentence in _tables().broken(chosen):
        notebook.say(sentence)


@inginious.command()
@click.pass_obj
def status(notebook: Notebook) -> None:
    """Tell where answers are graded, and how your submissions stand."""
    display(_tables().status(notebook.session, notebook.lang))


@inginious.command()
@click.pass_obj
def queue(notebook: Notebook) -> None:
    """Show the grading service's queue as it was last told: your jobs, and how many others'."""
    running, waiting = notebook.session.client().get_job_queue_snapshot()
    if not running and not waiting and notebook.session.live():
        running = waiting = None  # what was told is older than our own submission
    display(_tables().queue(running, waiting, notebook.lang))


@inginious.command()
@click.argument("which", required=False, metavar="[COURSE/TASK | ID]")
@click.option("--limit", default=20, help="How many to list, 20 if it is not said.")
@click.pass_obj
def history(notebook: Notebook, which: str | None, *, limit: int) -> None:
    """List what you submitted; with the ID of a submission, show its answers."""
    session = notebook.session
    live = [submission.id for submission in session.live()]
    attempts = session.history.recent(session.settings.username, limit=10_000)
    if which is None:
        display(_tables().history(attempts[:limit], live, notebook.lang))
        return
    of_id = [attempt for attempt in attempts if attempt.id.startswith(which)]
    if len(of_id) == 1:
        shown = _tables().history(of_id, live, notebook.lang)
        display(shown, _tables().answers(of_id[0], notebook.lang))
        if of_id[0].outcome is not None:
            click.echo(feedback_text(of_id[0].outcome, notebook.lang))
        return
    task = session.task(which)
    of_task = session.task_state(task).attempts
    display(_tables().history(of_task[:limit], live, notebook.lang))


def feedback_text(outcome: JobResult, lang: str) -> str:
    """The feedback of a result as plain text: of the task, then of each problem."""
    parts = [plain_text(recognised(outcome.result[1], lang, "results"), lang=lang)]
    words = Words("tables", lang)
    for name, (code, text) in outcome.problems.items():
        head = Words("widget", lang)("colon", name=name, value=words.named("results", code))
        parts.append(f"{printable(head)}\n{plain_text(text, lang=lang)}")
    return "\n\n".join(part.strip() for part in parts if part.strip())


@inginious.command()
@click.argument("submission", required=False, metavar="[ID]")
@click.pass_obj
def kill(notebook: Notebook, submission: str | None) -> None:
    """Ask for the end of a submission; without an ID, of the newest that is under way."""
    live = notebook.session.live()
    if not live:
        notebook.say(Message("No submission is under way."))
        return
    for found in reversed(live):
        if submission is None or found.id.startswith(submission):
            found.kill()
            task = f"{found.task.course_id}/{found.task.id}"
            notebook.say(Message("Stopping submission {id} to {task}.", id=found.id[:8], task=task))
            return
    ids = ", ".join(found.id[:8] for found in live)
    raise UsageError(
        Message("No submission {id!r} is under way; there is {ids}.", id=submission, ids=ids)
    )


@inginious.command()
@click.argument("submission", required=False, metavar="[ID]")
@click.option("--wait", is_flag=True, help="Return when the result is there.")
@click.pass_obj
def resubmit(notebook: Notebook, submission: str | None, *, wait: bool) -> Handle:
    """Send the same answers once more; without an ID, those that never got a result."""
    again = notebook.session.resubmit(submission, origin="magic")
    return notebook.submitter.present(again, wait=wait)


@inginious.command()
@click.argument("address")
@click.pass_obj
def connect(notebook: Notebook, address: str) -> None:
    """Grade at ADDRESS (tcp://HOST:PORT) from now on, or embedded on this machine."""
    notebook.say(notebook.session.connect(address).message)


@inginious.command("help")
@click.argument("word", required=False)
@click.pass_obj
def show_help(notebook: Notebook, word: str | None) -> None:
    """Explain the words, one WORD of them, or the settings."""
    click.echo(help_text(word, notebook.lang))


def help_text(word: str | None = None, lang: str = "en") -> str:
    """The help on one word, on ``settings``, or on everything; the settings are in English.

    Raises:
        UsageError: There is no such word.
    """
    if word == "settings":
        return wrapped(settings_text())
    context = click.Context(inginious, info_name=LINE_MAGIC, terminal_width=NOTEBOOK_COLUMNS)
    context.meta[LANGUAGE] = lang
    if word is None:
        formatter = context.make_formatter()
        formatter.write_dl(
            [
                (f"{LINE_MAGIC} {name}", recognised(command.get_short_help_str(90), lang, "help"))
                for name, command in sorted(inginious.commands.items())
            ]
        )
        more = Message("%inginious help WORD explains one; help settings the configuration.")
        return f"{formatter.getvalue()}\n{wrapped(more.in_language(lang))}"
    name, command, _ = inginious.resolve_command(context, [word])
    if command is None:  # resolve_command has failed already
        raise UsageError(Message("{word!r} is not a word of {name}.", word=word, name=LINE_MAGIC))
    return command.get_help(click.Context(command, info_name=name, parent=context))


def _tables() -> ModuleType:
    """The tables; what draws them takes a tenth of the time that loading the extension takes."""
    from inginious_nb.cli import tables  # noqa: PLC0415 - so it is loaded when the first one is shown

    return tables
