"""A task and its result as static HTML and plain text, without scripts.

What a notebook shows where no kernel and no widget is: exported, looked at on the web, or opened
again later. The markup has the classes of the live view, and carries the part of its style sheet
that it needs; it reads well without it, too. The markup is in ``templates/snapshot.html``.
"""

from __future__ import annotations

import datetime as dt
import functools
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inginious_nb.i18n import Words, number
from inginious_nb.render import plain_text, printable

from . import serialize

if TYPE_CHECKING:
    from jinja2 import Template

    from inginious_nb.course import Task
    from inginious_nb.submissions.history import History
    from inginious_nb.submissions.submission import Submission
    from inginious_nb.submissions.task_state import TaskState

    from .protocol import HtmlPart, ResultInfo, TestCounts
    from .publisher import Publisher

_STYLE = Path(__file__).parent.parent / "static" / "snapshot.css"
_TEMPLATES = Path(__file__).parent / "templates"
MAX_SHOWN_TESTS = 200
"""Rows of the table of tests; a count says how many more there are."""

RESULT_CODES = ("success", "failed", "killed", "crash", "overflow", "timeout", "error")
"""The results (docs/protocol.md, section 1.4); others look like an error."""

MAX_TEXT_CHARS = 2_000
"""Characters of one feedback in text/plain."""

Bundle = dict[str, str]


@dataclass(frozen=True)
class Snapshot:
    """The content of a snapshot.

    Attributes:
        task: The task.
        result: What came back for it, if anything did.
        attempts: How often it was submitted; None leaves it out.
        remark: A sentence about its state.
        context_html: Its text, made safe.
        key: The widget that hides the snapshot while it is alive.
        problem_id: The only problem to show, empty for all.
        lang: The language of the words.
    """

    task: Task
    result: ResultInfo | None
    attempts: int | None = None
    remark: str = ""
    context_html: str = ""
    key: str = ""
    problem_id: str = ""
    lang: str = "en"

    @property
    def bundle(self) -> Bundle:
        """It by MIME type."""
        return {"text/html": self.html, "text/plain": self.text}

    @property
    def text(self) -> str:
        """It as plain text."""
        lines = [self.task.name]
        if self.remark:
            lines.append(self.remark)
        result = self.result
        if result is not None:
            lines.append(self._line(self._word(result["code"]), self._grade(result["grade"])))
            lines += self._indented(result["feedback"], "  ")
            for problem_id, problem in result["problems"].items():
                said = self._line(self._name(problem_id), self._word(problem["code"]))
                lines.append(f"  {said}")
                lines += self._indented(problem["feedback"], "    ")
            counted = self._counted(result["test_counts"])
            if counted:
                lines.append(f"  {self._line(self._words('tests'), counted)}")
        elif self.attempts is not None:
            lines.append(self._attempts(self.attempts))
        return printable("\n".join(lines))

    @property
    def html(self) -> str:
        """It as HTML."""
        return _template().render(
            style=_STYLE.read_text(encoding="utf-8"),
            classes=self._classes(),
            lang=self.lang,
            key=self.key,
            task=self.task,
            facts=self._facts(),
            context_html=self.context_html,
            remark=self.remark,
            problem_id=self.problem_id,
            problem_ids=[self.problem_id] if self.problem_id else list(self.task.problems),
            words=self._words,
            saved_words=self._own,
            result_word=self._word,
            problem_name=self._name,
            counted=self._counted,
            grade=self._grade,
            tone=_tone,
            result=self.result,
            **({} if self.result is None else self._result_values(self.result)),
        )

    def _classes(self) -> list[str]:
        classes = ["inginious", "inginious-snapshot"]
        if self.key:
            # By these the front end finds it, and knows which result it shows.
            classes.append(f"inginious-snapshot-{self.key}")
            if self.result is not None:
                classes.append(f"inginious-result-{self.result['submission']}")
        return classes

    def _facts(self) -> list[str]:
        facts = [self._words("by", author=self.task.author)] if self.task.author else []
        return facts + ([self._attempts(self.attempts)] if self.attempts is not None else [])

    def _result_values(self, result: ResultInfo) -> dict[str, Any]:
        """Return what the template derives from a result besides the result itself."""
        note = self._words("submissionNumber", n=result["number"])
        if result["at"] is not None:
            note += f" · {dt.datetime.fromtimestamp(result['at']).astimezone():%Y-%m-%d %H:%M}"
        tests = [test for test in result["tests"] if test["kind"] != "tag"]
        return {
            "bar_percent": f"{min(100.0, max(0.0, result['grade'] or 0.0)):.4g}",
            "note": note,
            "shown_tests": tests[:MAX_SHOWN_TESTS],
            "left_out_tests": max(0, len(tests) - MAX_SHOWN_TESTS)
            + result["test_counts"]["left_out"],
        }

    def _counted(self, counts: TestCounts) -> str:
        """Return how many of the tests that say so were passed, empty if none says so."""
        n, decided = counts["passed"], counts["decided"]
        return self._words("testsPassed", n=n, all=decided) if decided else ""

    @cached_property
    def _words(self) -> Words:
        """The words of the live widget."""
        return Words("widget", self.lang)

    @cached_property
    def _own(self) -> Words:
        return Words("snapshot", self.lang)

    def _word(self, code: str) -> str:
        return self._words.named("results", code)

    def _line(self, name: str, value: str) -> str:
        return self._words("colon", name=name, value=value)

    def _grade(self, grade: float | None) -> str:
        if grade is None:
            return self._words("noGrade")
        return self._words("percent", value=number(grade, self.lang))

    def _indented(self, feedback: HtmlPart, indent: str) -> list[str]:
        html = feedback["html"]
        text = plain_text(html, is_html=True, limit_chars=MAX_TEXT_CHARS, lang=self.lang)
        return [f"{indent}{line}".rstrip() for line in text.strip().splitlines()]

    def _name(self, problem_id: str) -> str:
        problem = self.task.problems.get(problem_id)
        return (problem.name if problem is not None else "") or problem_id

    def _attempts(self, count: int) -> str:
        return self._words("attempts", n=count) if count else self._words("noAttempts")


def task_bundle(state: TaskState, history: History, lang: str) -> Bundle:
    """Return a task with its newest result in a language, by MIME type."""
    task, last = state.task.translated(lang), state.last
    result = None if last is None else serialize.kept_result_info(task, last, history, lang)
    context_html = serialize.rendered(task, task.context, lang)
    return Snapshot(task, result, state.attempts, context_html=context_html, lang=lang).bundle


def submission_bundle(submission: Submission, lang: str) -> Bundle:
    """A submission with its result or its state in a language, by MIME type."""
    task, came = submission.task.translated(lang), submission.result
    if came is None:
        words = Words("widget", lang)
        error = submission.error
        remark = (
            error.in_language(lang)
            if error is not None
            else words("colon", name=words("submission"), value=words(f"phases.{submission.phase}"))
        )
        return Snapshot(task, None, remark=remark, lang=lang).bundle
    result = serialize.result_info(
        task,
        came,
        submission_id=submission.id,
        number=submission.number,
        at=submission.times.get("done"),
        lang=lang,
    )
    return Snapshot(task, result, lang=lang).bundle


def widget_bundle(publisher: Publisher, *, key: str, problem_id: str = "") -> Bundle:
    """Return what stands beside a live widget, hidden while that is shown."""
    return Snapshot(
        publisher.shown_task,
        publisher.result,
        publisher.state.attempts,
        context_html="" if problem_id else publisher.context_html,
        key=key,
        problem_id=problem_id,
        lang=publisher.lang,
    ).bundle


@functools.cache
def _template() -> Template:
    """Return the template, compiled once.

    Jinja2 is imported here: loading the extension needs no snapshot, and the import takes as long
    as a quarter of that.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - see above

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("snapshot.html")


def _tone(code: str) -> str:
    return f"inginious-tone-{code if code in RESULT_CODES else 'error'}"
