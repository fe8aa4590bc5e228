"""A task and its result as static HTML and plain text, without scripts.

What a notebook shows where no kernel and no widget is: exported, looked at on the web, or opened
again later. The markup has the classes of the live view, and carries the part of its style sheet
that it needs; it reads well without it, too.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from inginious_nb.i18n import Words, number
from inginious_nb.render import plain_text, printable

from . import serialize

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inginious_nb.course import Task
    from inginious_nb.submissions.history import History
    from inginious_nb.submissions.submission import Submission
    from inginious_nb.submissions.task_state import TaskState

    from .protocol import ResultInfo, SafeHtml, TestCounts, TestInfo
    from .publisher import Publisher

_STYLE = Path(__file__).parent.parent / "static" / "snapshot.css"
_SHOWN_TESTS = 200
RESULT_CODES = ("success", "failed", "killed", "crash", "overflow", "timeout", "error")
"""The results (protocol.md 1.4); others look like an error."""

_LONGEST_TEXT = 2_000
"""Characters of one feedback in text/plain."""

Bundle = dict[str, str]


@dataclass(frozen=True)
class Snapshot:
    """What is shown.

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
        classes = ["inginious", "inginious-snapshot"]
        if self.key:
            # By these the front end finds it, and knows which result it shows.
            classes.append(f"inginious-snapshot-{self.key}")
            if self.result is not None:
                classes.append(f"inginious-result-{self.result['submission']}")
        style = _STYLE.read_text(encoding="utf-8")
        body = "".join(self._parts())
        return (
            f'<style>{style}</style><section class="{escape(" ".join(classes))}" '
            f'lang="{escape(self.lang)}">{body}</section>'
        )

    def _parts(self) -> Iterator[str]:
        facts = [self._words("by", author=self.task.author)] if self.task.author else []
        facts += [self._attempts(self.attempts)] if self.attempts is not None else []
        spans = "".join(f"<span>{escape(fact)}</span>" for fact in facts)
        yield f'<header class="inginious-header"><h2>{escape(self.task.name)}</h2>'
        yield f'<p class="inginious-facts">{spans}</p></header>'
        if self.key:
            yield f'<p class="inginious-muted">{escape(self._own("saved"))}</p>'
        yield _html(self.context_html)
        if self.remark:
            yield f"<p>{escape(self.remark)}</p>"
        if self.result is not None:
            for problem_id in [self.problem_id] if self.problem_id else self.task.problems:
                yield self._problem(self.result, problem_id)
            yield self._verdict(self.result)

    def _verdict(self, result: ResultInfo) -> str:
        width = min(100.0, max(0.0, result["grade"]))
        note = self._words("submissionNumber", n=result["number"])
        if result["at"] is not None:
            note += f" · {dt.datetime.fromtimestamp(result['at']).astimezone():%Y-%m-%d %H:%M}"
        inner = [
            '<div class="inginious-verdict">',
            f'<span class="inginious-word">{escape(self._word(result["code"]))}</span>',
            f'<span class="inginious-grade">{self._grade(result["grade"])}</span>',
            '<span class="inginious-bar">',
            f'<span class="inginious-bar-fill" style="width: {width:.4g}%"></span></span>',
            f'<span class="inginious-muted inginious-verdict-note">{escape(note)}</span></div>',
        ]
        if not self.problem_id:
            inner += [self._feedback(result["feedback"]), self._tests(result)]
        return f'<div class="inginious-result {_tone(result["code"])}">{"".join(inner)}</div>'

    def _problem(self, result: ResultInfo, problem_id: str) -> str:
        found = result["problems"].get(problem_id)
        if found is None:
            return ""
        return (
            f"<h3>{escape(self._name(problem_id))}</h3>"
            f'<div class="inginious-problem-feedback {_tone(found["code"])}">'
            f'<span class="inginious-word">{escape(self._word(found["code"]))}</span>'
            f"{self._feedback(found['feedback'])}</div>"
        )

    def _feedback(self, part: SafeHtml) -> str:
        cut = f'<p class="inginious-muted">{escape(self._own("cut"))}</p>' if part["cut"] else ""
        return f'<div class="inginious-feedback">{_html(part["html"])}{cut}</div>'

    def _tests(self, result: ResultInfo) -> str:
        counts = result["test_counts"]
        tests = [test for test in result["tests"] if test["kind"] != "tag"]
        if not tests:
            return ""
        rows = "".join(
            f'<tr><th scope="row">{escape(test["id"])}</th><td>{self._outcome(test)}</td></tr>'
            for test in tests[:_SHOWN_TESTS]
        )
        rest = max(0, len(tests) - _SHOWN_TESTS) + counts["left_out"]
        more = f"<p>{escape(self._words('moreTests', n=rest))}</p>" if rest else ""
        names = (self._words("test"), self._words("outcome"))
        head = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
        return (
            f'<div class="inginious-tests"><h4>{escape(self._words("tests"))} '
            f'<span class="inginious-muted">{escape(self._counted(counts))}</span></h4><table>'
            f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{more}</div>"
        )

    def _counted(self, counts: TestCounts) -> str:
        """How many of the tests that say so were passed, empty if none says so."""
        n, decided = counts["passed"], counts["decided"]
        return self._words("testsPassed", n=n, all=decided) if decided else ""

    def _outcome(self, test: TestInfo) -> str:
        if test["kind"] == "text":
            return escape(test["text"])
        passed = test["kind"] == "passed"
        tone = _tone("success" if passed else "failed")
        word = self._words("passed" if passed else "notPassed")
        return f'<span class="{tone}"><span class="inginious-word">{escape(word)}</span></span>'

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

    def _grade(self, grade: float) -> str:
        return self._words("percent", value=number(grade, self.lang))

    def _indented(self, feedback: SafeHtml, indent: str) -> list[str]:
        html = feedback["html"]
        text = plain_text(html, is_html=True, limit_chars=_LONGEST_TEXT, lang=self.lang)
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
    return Snapshot(task, result, state.count, context_html=context_html, lang=lang).bundle


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
    """What stands beside a live widget, hidden while that is shown."""
    return Snapshot(
        publisher.shown_task,
        publisher.result,
        publisher.state.count,
        context_html="" if problem_id else publisher.context_html,
        key=key,
        problem_id=problem_id,
        lang=publisher.lang,
    ).bundle


def _html(safe: str) -> str:
    """HTML that render.py made."""
    return f'<div class="inginious-html">{safe}</div>' if safe else ""


def _tone(code: str) -> str:
    return f"inginious-tone-{code if code in RESULT_CODES else 'error'}"
