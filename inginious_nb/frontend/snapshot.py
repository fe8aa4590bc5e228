"""A task and its result as static HTML and plain text, without scripts.

What a notebook shows where no kernel and no widget is: exported, looked at on the web, or opened
again later. It says what the live view says, in its order and with its classes (js/components);
the style sheet comes with one output of a notebook (`style_sheet`), and it reads well without. The
markup is in ``templates/snapshot.html``.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inginious_nb.i18n import Words, printable
from inginious_nb.render import formulas_as_source, plain_text
from inginious_nb.render.templates import template

from . import lines, serialize
from .style_sheet import style_sheet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jinja2 import Template

    from inginious_nb.course import Task
    from inginious_nb.submissions.history import History
    from inginious_nb.submissions.submission import Submission
    from inginious_nb.submissions.task_state import TaskState

    from .lines import Line
    from .protocol.task import HtmlPart, ResultInfo, Standing, TaskInfo, TestInfo
    from .publisher import Publisher

_TEMPLATE = Path(__file__).parent / "templates" / "snapshot.html"
MAX_SHOWN_TESTS = 30
"""Tests of each kind, failed, passed and with a value; a count says how many more there are."""

MAX_TEXT_CHARS = 2_000
"""Characters of one feedback in text/plain."""

Bundle = dict[str, str]

_PREFORMATTED = re.compile(r"(<pre\b.*?</pre>)", re.DOTALL)
_SPACE = re.compile(r"[ \t\r\n]+")
_TAG = re.compile(r"<[a-z][^<>]*>")
_ONE_WORD = re.compile(r'="([\w-]+)"')


@dataclass(frozen=True)
class Snapshot:
    """The content of a snapshot.

    Attributes:
        task: The task.
        line: How its submission stands, None if there is none.
        result: What came back for it, if anything did.
        info: Its statement and problems, where they are shown.
        standing: How the user stands in it, where the statement is shown.
        remark: Why it was not sent.
        student: Who submitted, where it is not the person at the session.
        saved: Whose it is, and what to do to go on.
        key: The widget that hides the snapshot while it is alive.
        problem_id: The only problem to show, empty for all.
        styled: Whether it brings the style sheet.
        lang: The language of the words.
    """

    task: Task
    line: Line | None
    result: ResultInfo | None = None
    info: TaskInfo | None = None
    standing: Standing | None = None
    remark: str = ""
    student: str = ""
    saved: str = ""
    key: str = ""
    problem_id: str = ""
    styled: bool = field(default=False, kw_only=True)
    lang: str = "en"

    @property
    def bundle(self) -> Bundle:
        """Return it by MIME type."""
        return {"text/html": self.html, "text/plain": self.text}

    @property
    def short_bundle(self) -> Bundle:
        """Return it by MIME type, where the text is only for those who show no HTML at all."""
        return {"text/html": self.html, "text/plain": "".join(self._text_head()[:1])}

    @property
    def text(self) -> str:
        """Return it as plain text."""
        return printable("\n".join([*self._text_head(), *self._text_details()]))

    def _text_head(self) -> list[str]:
        head = []
        if self.info is not None:
            head += [self.task.name, " · ".join(self._header_facts())]
        if self.line is not None:
            head += [str(self.line), f"  {self.remark}", f"  {' · '.join(self._facts())}"]
        return [printable(line) for line in head if line.strip()]

    def _text_details(self) -> Iterator[str]:
        result = self.result
        if result is None:
            return
        help_text = self._words.get("resultHelp", result["code"])
        if help_text:
            yield f"  {help_text}"
        for test in self._tests("failed"):
            yield f"  {lines.verdict('failed', self.lang)[1]} {test['name']}"
        yield from self._indented(result["feedback"], "  ")
        for problem_id, problem in result["problems"].items():
            _, mark, word = lines.verdict(problem["code"], self.lang)
            yield f"  {self._line(self._name(problem_id), f'{mark} {word}')}"
            yield from self._indented(problem["feedback"], "    ")
        for test in self._tests("text"):
            yield f"  {self._line(test['name'], test['text'])}"
        if result["test_counts"]["passed"]:
            passed = self._words("passedTests", n=result["test_counts"]["passed"])
            yield f"  {lines.verdict('success', self.lang)[1]} {passed}"

    @property
    def html(self) -> str:
        """Return it as HTML, as short as it can be."""
        return _compact(self._markup())

    def _markup(self) -> str:
        return _template().render(
            style=style_sheet() if self.styled else "",
            classes=self._classes(),
            lang=self.lang,
            line=self.line,
            info=self.info,
            header_facts=self._header_facts(),
            facts=self._facts(),
            remark=self.remark,
            saved=self.saved,
            problem_id=self.problem_id,
            words=self._words,
            saved_words=Words("snapshot", self.lang),
            problem_name=self._name,
            said=lambda code: lines.Line(*lines.verdict(code, self.lang)),
            with_formulas=formulas_as_source,
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

    def _header_facts(self) -> list[str]:
        """Return the facts below the title of a task."""
        standing = self.standing
        if standing is None:
            return []
        words, task = self._words, self.task
        facts = [words("by", author=task.author)] if task.author else []
        facts += [words("at", site=serialize.site_label(task.site))] if task.site else []
        deadline = task.accessibility.deadline
        if deadline is not None:
            facts.append(words("deadline", when=_written(deadline)))
        attempts, best, last = standing["attempts"], standing["best_grade"], standing["last_grade"]
        facts.append(words("attempts", n=attempts) if attempts else words("noAttempts"))
        if best is not None:
            facts.append(words("best", grade=lines.grade_text(best, self.lang)))
        if last is not None and last != best:
            facts.append(words("last", grade=lines.grade_text(last, self.lang)))
        return facts

    def _facts(self) -> list[str]:
        """Return the facts about a submission, with its task where no title says it."""
        facts = [self.task.name] if self.info is None else []
        if self.student:
            facts.append(self._words("asStudent", name=self.student))
        if self.result is not None:
            facts.append(self._words("submissionNumber", n=self.result["number"]))
            if self.result["at"] is not None:
                facts.append(_written(dt.datetime.fromtimestamp(self.result["at"]).astimezone()))
        return facts

    def _result_values(self, result: ResultInfo) -> dict[str, Any]:
        """Return what the template derives from a result besides the result itself."""
        shown = {kind: self._tests(kind) for kind in ("failed", "passed", "text", "tag")}
        return {
            "help": self._words.get("resultHelp", result["code"]),
            "failed": shown["failed"],
            "passed": shown["passed"],
            "values": shown["text"],
            "tags": [tag["text"] for tag in shown["tag"]],
            "left_out": result["test_counts"]["left_out"]
            + len(result["tests"])
            - sum(map(len, shown.values())),
        }

    def _tests(self, kind: str) -> list[TestInfo]:
        tests = [] if self.result is None else self.result["tests"]
        return [test for test in tests if test["kind"] == kind][:MAX_SHOWN_TESTS]

    @cached_property
    def _words(self) -> Words:
        """Return the words of the live widget."""
        return Words("widget", self.lang)

    def _line(self, name: str, value: str) -> str:
        return self._words("colon", name=name, value=value)

    def _indented(self, feedback: HtmlPart, indent: str) -> list[str]:
        html = formulas_as_source(feedback["html"])
        text = plain_text(html, is_html=True, limit_chars=MAX_TEXT_CHARS, lang=self.lang)
        return [f"{indent}{line}".rstrip() for line in text.strip().splitlines()]

    def _name(self, problem_id: str) -> str:
        problem = self.task.problems.get(problem_id)
        return (problem.name if problem is not None else "") or problem_id


def task_bundle(
    state: TaskState, history: History, lang: str, username: str, *, styled: bool = False
) -> Bundle:
    """Return a task with its newest result in a language, by MIME type."""
    task, last = state.task.translated(lang), state.last
    result = None if last is None else serialize.kept_result_info(task, last, history, lang)
    return Snapshot(
        task,
        None if result is None else lines.result_line(result, lang),
        result,
        info=serialize.task_info(state.task, lang, username),
        standing=serialize.standing(state, lang),
        styled=styled,
        lang=lang,
    ).bundle


def submission_bundle(submission: Submission, lang: str, *, styled: bool = False) -> Bundle:
    """Return a submission with its result or its state in a language, by MIME type."""
    task, came, error = submission.task.translated(lang), submission.result, submission.error
    student = submission.other_student
    if came is None:
        line = lines.phase_line(submission.phase, lang)
        remark = "" if error is None else error.in_language(lang)
        return Snapshot(task, line, remark=remark, student=student, styled=styled, lang=lang).bundle
    result = serialize.result_info(
        task,
        came,
        submission_id=submission.id,
        number=submission.number,
        at=submission.times.get("done"),
        lang=lang,
    )
    line = lines.result_line(result, lang)
    return Snapshot(task, line, result, student=student, styled=styled, lang=lang).bundle


def widget_bundle(
    publisher: Publisher, *, key: str, problem_id: str = "", styled: bool = False
) -> Bundle:
    """Return what stands beside a live widget, hidden while that is shown."""
    lang, result, own = publisher.lang, publisher.result, publisher.own_submission
    is_task = not problem_id and not publisher.keeps_its_own
    line, remark = None, ""
    if own is not None and own.result is None:
        line, result = lines.phase_line(own.phase, lang), None
        remark = "" if own.error is None else own.error.in_language(lang)
    elif result is not None:
        problem = publisher.shown_task.problems.get(problem_id)
        several = len(publisher.shown_task.problems) > 1
        line = (
            lines.problem_line(result, problem, lang)
            if problem is not None and several
            else lines.result_line(result, lang)
        )
    return Snapshot(
        publisher.shown_task,
        line,
        result,
        info=publisher.task_info if is_task else None,
        standing=serialize.standing(publisher.state, lang),
        remark=remark,
        student=publisher.other_student,
        saved=_saved(publisher, lang, styled=styled),
        key=key,
        problem_id=problem_id,
        styled=styled,
        lang=lang,
    ).short_bundle


def _saved(publisher: Publisher, lang: str, *, styled: bool) -> str:
    """Return whose a snapshot is and, in one output of a notebook, what to do to go on.

    Where no page sent its cells, it says how old those are that were submitted instead.
    """
    words, now = Words("snapshot", lang), dt.datetime.now().astimezone()
    parts = [words("saved", name=publisher.student.username, when=_written(now))]
    own = publisher.own_submission
    read_at = [s.read_at for s in own.sources if s.kind == "notebook-file"] if own else []
    if read_at:
        moment = dt.datetime.fromtimestamp(min(read_at)).astimezone()
        parts.append(words("readSaved", when=_written(moment)))
    if styled:
        parts.append(words("goOn"))
    return " ".join(parts)


def _compact(html: str) -> str:
    """Return HTML without line breaks, and without quotes around values of one word.

    A notebook file writes each line of it on a line of its own, and escapes each quote.
    """
    parts = _PREFORMATTED.split(html)
    one_line = "".join(
        part.replace("\n", "&#10;") if index % 2 else _SPACE.sub(" ", part)
        for index, part in enumerate(parts)
    )
    return _TAG.sub(lambda tag: _ONE_WORD.sub(r"=\1", tag[0]), one_line).strip()


def _written(moment: dt.datetime) -> str:
    """Return a local time in digits, which all languages read."""
    return f"{moment:%Y-%m-%d %H:%M}"


@functools.cache
def _template() -> Template:
    """Return the template, compiled once."""
    return template(_TEMPLATE)
