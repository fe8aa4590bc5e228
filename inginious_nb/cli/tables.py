"""Tables for a notebook or a terminal, in the language ``lang``. Nothing here asks a backend."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Literal

from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from inginious_nb.i18n import Message, Words, in_language, number, printable, translated
from inginious_nb.render import plain_text
from inginious_nb.render.columns import NOTEBOOK_COLUMNS, wrapped
from inginious_nb.submissions.record import is_graded, kept_grade

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from rich.console import Console, ConsoleOptions, RenderResult

    from inginious_nb.classroom import ClassState, Entry
    from inginious_nb.course import Course, Task
    from inginious_nb.errors import CourseError
    from inginious_nb.grader.replay import Replayed
    from inginious_nb.session import Session
    from inginious_nb.submissions import JobResult
    from inginious_nb.submissions.record import SubmissionRecord
    from inginious_nb.submissions.submission import Submission

_MAX_TASKS_NAMED = 5
# Readable on light and dark alike; the terminal's own red is not.
_GOOD, _BAD, _PENDING = "bold rgb(46,160,87)", "bold rgb(220,75,85)", "rgb(190,130,20)"

# What a replay says of results that have no grade; a crash has a reason of its own.
_UNGRADED = {
    "crash": "",
    "timeout": "out of time: it took longer than the limits of task.yaml allow (time, hard_time). "
    "Give each run_student a limit below these, and see that the run script ends.",
    "overflow": "out of memory, or of disk: it took more than the limits of task.yaml allow "
    "(memory). Give each run_student a limit below that.",
}

_NARROW_COLUMNS = 50  # for what is looked at beside something else: the letters of tables are large
_ID_LENGTH = 8
_FEEDBACK_LENGTH = 70
_WHOLE_NAME = 24


class _Table(Table):
    """A table whose text is text: brackets are no markup, control characters are left out.

    In a notebook, which does not tell how wide it is, it fits into half a screen.
    """

    notebook_columns = NOTEBOOK_COLUMNS

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Lay it out."""
        if console.is_jupyter:
            options = options.update(max_width=min(options.max_width, self.notebook_columns))
        for part in super().__rich_console__(console, options):
            yield part._replace(text=printable(part.text)) if isinstance(part, Segment) else part

    def add_row(self, *cells: Text | str, **options: Any) -> None:  # type: ignore[override]
        """Add a row."""
        super().add_row(*(Text(c) if isinstance(c, str) else c for c in cells), **options)


def _table(words: Words, title: str, *columns: str, right: Sequence[str] = ()) -> _Table:
    """Return an empty table; ``columns`` name messages, and those of numbers do not wrap."""
    table = _Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    for column in columns:
        number = column in right
        justify: Literal["right", "left"] = "right" if number else "left"
        table.add_column(words(column), justify=justify, overflow="fold", no_wrap=number)
    return table


def courses(found: Iterable[Course], lang: str = "en") -> Table:
    """Return the courses, and where they come from."""
    words = Words("tables", lang)
    table = _table(words, words("courses"), "tasks", "course", "name", "place", right=["tasks"])
    for course in found:
        table.add_row(str(len(course.tasks)), course.id, course.translated_name(lang), course.place)
    return table


def tasks(session: Session, found: Iterable[Course], lang: str = "en") -> Table:
    """Return the tasks of courses, with this person's grade in each."""
    words = Words("tables", lang)
    columns = ("grade", "attempts", "task", "problems")
    table = _table(words, words("tasks"), *columns, right=["grade", "attempts"])
    known = [(course, task) for course in found for task in course.tasks.values()]
    table.notebook_columns = _NARROW_COLUMNS
    _keep_whole(table, "task", columns, (f"{course.id}/{task.id}" for course, task in known))
    for course, task in known:
        state = session.task_state(task)
        known_grade = state.grade
        name = (task.translated(lang).name, "italic")
        table.add_row(
            grade(known_grade, lang) if known_grade is not None else "",
            "" if task.is_listed_only and not state.attempts else str(state.attempts),
            Text.assemble(f"{course.id}/{task.id}\n", name),
            ", ".join(task.problems) or ("" if task.is_listed_only else words("none")),
        )
    return table


def _keep_whole(table: Table, column: str, columns: Sequence[str], names: Iterable[str]) -> None:
    """Keep a column wide enough for its names: names of tasks are for copying."""
    longest = max(map(len, names), default=0)
    table.columns[columns.index(column)].min_width = min(longest, _WHOLE_NAME)


def broken(found: Iterable[Course]) -> list[Message]:
    """Return why courses and tasks cannot be used."""
    return [
        Message("{name} cannot be used: {error}", name=name, error=error.text)
        for course in found
        for name, error in _errors(course)
    ]


def _errors(course: Course) -> Iterator[tuple[str, CourseError]]:
    if course.error is not None:
        yield course.id, course.error
    for task_id, error in course.broken.items():
        yield f"{course.id}/{task_id}", error


def history(
    records: Iterable[SubmissionRecord], pending: Iterable[str] = (), lang: str = "en"
) -> Table | Text:
    """Return a table of submissions; a sentence where there are none.

    One without a result is either under way or orphaned: its kernel ended.

    Args:
        records: Rows of the history.
        pending: Ids of the submissions of this session that are under way.
        lang: The language.
    """
    words = Words("tables", lang)
    records = list(records)
    if not records:
        return Text(wrapped(words("noHistory"), _NARROW_COLUMNS))
    columns: tuple[str, ...] = ("id", "when", "task", "attempt", "result", "grade")
    has_accounts = len({record.account for record in records if record.account}) > 1
    if has_accounts:
        columns += ("account",)
    table = _table(words, words("submissions"), *columns, right=["attempt", "grade"])
    names = (f"{record.course_id}/{record.task_id}" for record in records)
    _keep_whole(table, "task", columns, names)
    under_way = set(pending)
    for record in records:
        if record.orphaned:
            table.caption = words("unfinishedHint")
        table.add_row(
            record.id[:_ID_LENGTH],
            when(record.submitted_at),
            f"{record.course_id}/{record.task_id}",
            str(record.number),
            coloured(record.code, lang)
            if record.code is not None
            else Text(_why_without_result(record, under_way, words), style=_PENDING),
            _grade_of(record.code, record.grade, lang) if record.code is not None else "",
            *([Text(record.account or "")] if has_accounts else ()),
        )
    return table


def _why_without_result(record: SubmissionRecord, under_way: Collection[str], words: Words) -> str:
    if record.repeated_by is not None:
        return words("repeated")
    if record.orphaned:
        return words("unfinished")
    return words("underWay" if record.id in under_way else "underWayElsewhere")


def answers(submission_id: str, sent: Mapping[str, Any], lang: str = "en") -> Table:
    """Return a table of the answers of one submission, by problem id."""
    words = Words("tables", lang)
    title = words("answers", id=submission_id[:_ID_LENGTH])
    table = _table(words, title, "problem", "answer")
    for problem_id, value in sent.items():
        if isinstance(value, dict):
            size = len(value.get("value", b""))
            value = words("file", name=value.get("filename"), n=size)  # noqa: PLW2901 - shown instead of it
        table.add_row(problem_id, Text(str(value)))
    return table


def queue(
    running: Sequence[Any] | None, waiting: Sequence[Any] | None, lang: str = "en"
) -> Table | Text:
    """Return a queue snapshot: this person's jobs, and only the number of other people's.

    Args:
        running: Rows as ``Client.get_job_queue_snapshot`` gives them, None before the first.
        waiting: Likewise.
        lang: The language.

    Returns:
        A table; a sentence where there is nothing to put into one.
    """
    words = Words("tables", lang)
    if running is None or waiting is None:
        return Text(wrapped(words("noQueueYet"), _NARROW_COLUMNS))
    if not running and not waiting:
        return Text(wrapped(words("nobodyWaits"), _NARROW_COLUMNS))
    others = [sum(not row[1] for row in rows) for rows in (running, waiting)]
    of_others = words("others", running=others[0], waiting=others[1])
    table = _table(words, words("queue"), "job", "task", "state")
    table.caption, table.caption_justify = of_others, "left"
    for job_id, _, _, task, *_ in (row for row in running if row[1]):
        table.add_row(job_id[:_ID_LENGTH], task, words("running"))
    for before, (job_id, ours, task, *_) in enumerate(waiting):
        if ours:
            table.add_row(job_id[:_ID_LENGTH], task, words("waiting", n=before))
    return (
        table
        if table.rows
        else Text(wrapped(words("noneOfYours", others=of_others), _NARROW_COLUMNS))
    )


def status(session: Session, lang: str = "en") -> Table:
    """Return the state of the grading service and of the submissions of this session."""
    service = session.service
    words = Words("tables", lang)
    table = _Table(
        title=words("status"), title_justify="left", title_style="bold", show_header=False
    )
    table.add_column()
    table.add_column(overflow="fold")  # a path is for copying
    table.add_row(words("grading"), service.address)
    table.add_row(words("state"), in_language(service.message, lang))
    if service.sandbox is not None:
        table.add_row(words("sandbox"), str(service.sandbox["kind"]))
        open_to = [translated(item, lang) for item in service.sandbox["not_isolated"]]
        table.add_row(words("notIsolated"), ", ".join(open_to) or words("nothing"))
        for item in service.sandbox.get("missing", ()):
            table.add_row(words("warning"), translated(item, lang), style=_PENDING)
    table.add_row(words("user"), session.people.student.username)
    table.add_row(words("history"), str(session.history.path or words("inMemory")))
    for warning in session.warnings:
        table.add_row(words("warning"), in_language(warning, lang), style=_PENDING)
    for submission in session.submissions.pending:
        task = f"{submission.task.course_id}/{submission.task.id}"
        phase = words.named("phases", submission.phase)
        said = words("submissionTo", id=submission.id[:_ID_LENGTH], task=task, phase=phase)
        table.add_row(words("submission"), said)
    return table


def graded(submissions: Iterable[tuple[str, Submission | str]], lang: str = "en") -> Table:
    """Return a table of several tasks: a submission each, or a message why there is none."""
    words = Words("tables", lang)
    table = _table(words, words("grades"), "task", "result", "grade", "feedback", right=["grade"])
    for task, submission in submissions:
        if isinstance(submission, str):
            table.add_row(
                task, Text(words("notGraded"), style=_PENDING), "", in_language(submission, lang)
            )
        elif submission.result is not None:
            table.add_row(
                task,
                coloured(submission.result.result[0], lang),
                _grade_of(submission.result.result[0], submission.result.grade, lang),
                Text(_first_words(_reason(submission.result, lang), submission.task)),
            )
    return table


def class_grades(state: ClassState, lang: str = "en") -> Table:
    """Return the matrix of a class: a row for each student, a column for each task."""
    words = Words("tables", lang)
    table = _table(words, words("grades"), "student")
    for task in state.tasks:
        table.add_column(Text(task.reference), justify="right", overflow="fold")
    for student, entries in state.matrix():
        table.add_row(student, *(_class_grade(entry, lang) for entry in entries))
    return table


def _class_grade(entry: Entry | None, lang: str) -> Text:
    if entry is None:
        return Text("")
    if entry.grade is None:
        return Text(Words("report", lang)(f"states.{entry.state}"), style=_PENDING)
    return Text(grade(entry.grade, lang), style=_GOOD if entry.code == "success" else _BAD)


def replayed(records: Iterable[Replayed]) -> Table:
    """Return the differences from recorded submissions, a line each, in English."""
    words = Words("tables", "en")
    table = _table(words, words("differences"), "task", "record", "what", "recorded", "now")
    for record in records:
        ended = record.code in _UNGRADED and any(d.what == "result" for d in record.differences)
        for difference in record.differences:
            if ended and difference.what != "result":
                continue  # all that is missing follows from it
            values = (str(difference.recorded), str(difference.found))
            table.add_row(record.task_id, record.record.name, difference.what, *values)
    return table


def environments(found: Iterable[Mapping[str, Any]], lang: str) -> Table:
    """Return the environments of this machine, each with its Python."""
    words = Words("tables", lang)
    table = _table(
        words,
        words("environments"),
        "environment",
        "version",
        "packages",
        "python",
        right=("packages",),
    )
    for each in found:
        table.add_row(
            each["name"],
            each["version"] or each["error"],
            str(len(each["packages"])) if each["version"] else "",
            each["python"],
        )
    return table


def tried(records: Sequence[Replayed], said: Iterable[str], lang: str) -> Table | Text:
    """Return the differences from recorded submissions with what is said of them, to be shown."""
    text = printable("\n".join(in_language(line, lang) for line in said))
    differing = [record for record in records if record.differences]
    if not differing:
        return Text(text)
    table = replayed(differing)
    table.caption, table.caption_justify, table.caption_style = Text(text), "left", ""
    return table


def replay_errors(records: Iterable[Replayed]) -> Iterator[str]:
    """Yield why records could not be graded, and warnings, in English, each reason once."""
    by_reason: dict[str, list[Replayed]] = {}
    for record in records:
        if record.error:
            by_reason.setdefault(f"not graded: {record.error}", []).append(record)
        if record.differences and record.result is not None and record.code in _UNGRADED:
            said = _UNGRADED[record.code] or f"crashed: {record.result.result[1]}"
            by_reason.setdefault(said, []).append(record)
        if record.warning:
            by_reason.setdefault(f"Warning: {record.warning}", []).append(record)
    for reason, failed in by_reason.items():
        tasks = list(dict.fromkeys(record.task_id for record in failed))
        more = len(tasks) - _MAX_TASKS_NAMED
        named = ", ".join(tasks[:_MAX_TASKS_NAMED]) + (f" and {more} more" if more > 0 else "")
        records_of = "1 record" if len(failed) == 1 else f"{len(failed)} records"
        yield f"{records_of} of {named}: {reason}"


def coloured(code: str, lang: str) -> Text:
    """Return a result code as text; only success is green, and nothing ungraded is red."""
    word = printable(Words("tables", lang).named("results", code))
    if not is_graded(code):
        return Text(word, style=_PENDING)
    return Text(word, style=_GOOD if code == "success" else _BAD)


def grade(value: float | None, lang: str) -> str:
    """Return a grade as people write it; empty for None."""
    value = kept_grade(value)
    return "" if value is None else Words("widget", lang)("percent", value=number(value, lang))


def _grade_of(code: str, value: float | None, lang: str) -> str:
    """Return the grade of a result, "no grade" where nothing was graded."""
    return grade(value, lang) if is_graded(code) else Words("widget", lang)("noGrade")


def when(epoch_s: float) -> str:
    """Return a time; without its date if it is today's."""
    moment = dt.datetime.fromtimestamp(epoch_s).astimezone()
    today = dt.datetime.now().astimezone().date()
    return moment.strftime("%H:%M:%S" if moment.date() == today else "%Y-%m-%d %H:%M")


def _reason(result: JobResult, lang: str) -> str:
    """Return the feedback of the task or, where it says nothing, that of a problem."""
    text = in_language(result.result[1], lang)
    if text.strip():
        return text
    told = [(name, code, text) for name, (code, text) in result.problems.items() if text.strip()]
    told.sort(key=lambda row: row[1] == "success")  # what failed comes first
    return next((f"{name}: {text}" for name, _, text in told), "")


def _first_words(text: str, task: Task) -> str:
    words = " ".join(plain_text(text, is_html=task.response_is_html).split())
    return words if len(words) <= _FEEDBACK_LENGTH else words[: _FEEDBACK_LENGTH - 1] + "…"
