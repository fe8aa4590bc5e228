"""``%inginious submit``, ``answer``, ``resubmit``, ``kill`` and ``history``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from IPython.display import display

from inginious_nb.errors import InginiousError, UsageError
from inginious_nb.i18n import Message, Words, in_language, printable
from inginious_nb.notebook.answers import Answers, from_arguments
from inginious_nb.notebook.grammar.arguments import CELL_MAGIC
from inginious_nb.notebook.references import find_problem, find_task
from inginious_nb.notebook.sources import AnswerSource
from inginious_nb.render import plain_text
from inginious_nb.render.terminal import echo
from inginious_nb.submissions.student import Student

from .tables import tables

if TYPE_CHECKING:
    from inginious_nb.course import Task
    from inginious_nb.magics.context import MagicContext
    from inginious_nb.magics.handle import Handle
    from inginious_nb.notebook.grammar.arguments import TaskArguments
    from inginious_nb.notebook.review import Magics
    from inginious_nb.session import Session
    from inginious_nb.submissions import JobResult
    from inginious_nb.submissions.record import SubmissionRecord
    from inginious_nb.submissions.submission import Debug


def submit(
    context: MagicContext,
    *,
    given: TaskArguments,
    wait: bool,
    debug: bool,
    ssh: bool,
    lang: str | None,
    username: str | None,
    magics: Magics | None,
) -> Handle:
    """Submit what was given with the command, the text below it, and the cells of the notebook."""
    session = context.session
    student = None if username is None else Student.checked(username)
    if context.body is None:
        task, _ = find_task(session.library, given.reference, session.current_task)
        below = Answers()
    else:
        task, below = _answer_of_cell(context, given.reference, context.body)
    answers = from_arguments(task, given.answers)
    answers.fill_from(below)
    session.current_task = task
    mode: Debug = "ssh" if ssh else debug
    return context.submitter.submit(
        task,
        answers,
        student=student,
        wait=wait,
        debug=mode,
        lang=lang,
        magics=magics or "refuse",
    )


def _answer_of_cell(
    context: MagicContext, reference: str | None, body: str
) -> tuple[Task, Answers]:
    """Return the task that ``%%inginious submit REFERENCE`` means, and the text as its answer."""
    task, problem_id = find_task(context.session.library, reference, context.session.current_task)
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
    cell_id = context.host.cell_id
    source = AnswerSource(
        problem_id, "cell", Message("this cell"), (cell_id,) if cell_id else (), time.time()
    )
    answers.add(body, source)
    return task, answers


def answer(context: MagicContext, *, problem: str) -> None:
    """Say what is wrong with an answer line; `AnswerCells` keeps the cell and lets it run."""
    if context.body is not None:
        # Only reached where a program calls the cell magic: the transformer was not there.
        context.answer_cells.keep(f"{CELL_MAGIC} answer {problem}\n{context.body}")
        context.shell.run_cell(context.body)
    try:
        find_problem(context.session.library, problem, context.session.current_task)
    except InginiousError as error:
        # The cell itself is still run: others may need it.
        context.say(error.text, err=True)


def resubmit(context: MagicContext, *, submission: str | None, wait: bool) -> Handle:
    """Send the same answers once more."""
    again = context.session.submissions.resubmit(submission, origin="magic")
    return context.submitter.show(again, wait=wait)


def kill(context: MagicContext, *, submission: str | None) -> None:
    """Ask for the end of a submission, the newest if none is named."""
    pending = context.session.submissions.pending
    if not pending:
        context.say(Message("No submission is under way."))
        return
    for found in reversed(pending):
        if submission is None or found.id.startswith(submission):
            found.kill()
            task = f"{found.task.course_id}/{found.task.id}"
            context.say(Message("Stopping submission {id} to {task}.", id=found.id[:8], task=task))
            return
    ids = ", ".join(found.id[:8] for found in pending)
    raise UsageError(
        Message("No submission “{id}” is under way; there is {ids}.", id=submission, ids=ids)
    )


def show_history(context: MagicContext, *, which: str | None, limit: int) -> None:
    """List what was submitted; of one submission, show the answers and the feedback."""
    session = context.session
    history, username = session.history, session.people.student.username
    pending = [submission.id for submission in session.submissions.pending]
    if which is None:
        display(tables().history(history.recent(username, limit), pending, context.lang))
        return
    of_id = history.beginning(username, which)
    if len(of_id) == 1:
        (record,) = of_id
        session.site_submissions.recall(record)
        answers = tables().answers(record.id, history.answers(record.id), context.lang)
        display(tables().history(of_id, pending, context.lang), answers)
        result = history.result(record.id)
        if result is not None:
            echo(feedback_text(result, context.lang, is_html=_is_html(session, record)))
        return
    of_task = session.task_state(session.task(which)).records
    display(tables().history(of_task[:limit], pending, context.lang))


def _is_html(session: Session, record: SubmissionRecord) -> bool:
    """Return whether its feedback is HTML; where its task is gone, that of a site is."""
    try:
        return session.task(f"{record.course_id}/{record.task_id}").response_is_html
    except InginiousError:
        return record.account is not None


def feedback_text(result: JobResult, lang: str, *, is_html: bool = False) -> str:
    """Return the feedback of a result as plain text: of the task, then of each problem."""
    parts = [plain_text(in_language(result.result[1], lang), is_html=is_html, lang=lang)]
    words = Words("tables", lang)
    for name, (code, text) in result.problems.items():
        head = Words("widget", lang)("colon", name=name, value=words.named("results", code))
        parts.append(f"{printable(head)}\n{plain_text(text, is_html=is_html, lang=lang)}")
    return "\n\n".join(part.strip() for part in parts if part.strip())
