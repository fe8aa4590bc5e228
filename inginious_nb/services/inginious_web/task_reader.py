"""Reading a whole task from its page at a site: texts, problems, deadline, standing. No I/O.

Words are localised there, so structure is read. The texts are HTML of the site, which nothing here
trusts: they become raw HTML in reStructuredText, and are sanitised where all texts are.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import html
import json
import math
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from bs4 import Tag
from bs4.element import NavigableString

from inginious_nb.course import (
    Accessibility,
    CodeProblem,
    Environment,
    FileProblem,
    MatchProblem,
    MultipleChoiceProblem,
    SingleLineCodeProblem,
    SiteStanding,
    SiteSubmission,
    SubmissionLimit,
    Task,
    TaskSettings,
)
from inginious_nb.course.ids import is_valid_id
from inginious_nb.course.problems.choice import Choice
from inginious_nb.errors import CourseError
from inginious_nb.i18n import Message

from .feedback import as_source
from .pages import entries, is_small, parsed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bs4 import BeautifulSoup

    from inginious_nb.course import Problem

BEGINNING = 'id="task_context"'
"""Behind this a page has nothing but the task."""

NO_FOLDER = Path(os.devnull)
"""What stands for the folder of a course of a site: nothing can be below it."""

_MAX_PROBLEMS = 500
_MAX_CHOICES = 1000
_FILE_OVERHEAD_BYTES = 33
"""The site measures the Python object that holds the content, not the content."""

_TYPES = re.compile(r"problems_types\s*=\s*\{(?P<pairs>[^{}]*)\}")
_PAIR = re.compile(r"""["'](?P<id>[^"']+)["']\s*:\s*["'](?P<type>[^"']+)["']""")
_LAST_COUNTS = re.compile(r"""init_task_page\(\s*["']last["']""")
_LANGUAGE = re.compile(r"[A-Za-z0-9_.-]*", re.ASCII)
_DATE = re.compile(r"\d{2}/\d{2}/\d{4} \d{2}:\d{2}:\d{2}", re.ASCII)
_GRADE = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s*%", re.ASCII)
_WHOLE = re.compile(r"\d{1,9}", re.ASCII)
_CONTROLS = ["input", "textarea", "select", "button"]


def read_task(text: str, course_id: str, task_id: str, site: str) -> Task | None:
    """Read the page of a task; None if it is none.

    Args:
        text: The page.
        course_id: The course.
        task_id: The task.
        site: The address of the site.

    Raises:
        CourseError: It has a problem that only its page can ask.
    """
    page = parsed(text)
    form = page.select_one("form#task")
    if form is None:
        return None
    _link_to_site(page, f"{site}/course/{course_id}/{task_id}")
    rows = _information(page)
    return Task(
        course_id=course_id,
        id=task_id,
        path=NO_FOLDER / course_id / task_id,
        name=_name(page) or task_id,
        author=rows.get("author", ""),
        contact_url=rows.get("contact", ""),
        context=_source(page.select_one("#task_context")),
        problems={
            problem.id: problem
            for problem in _problems(form, text, f"{site}/course/{course_id}/{task_id}")
        },
        problems_raw={},
        # The site knows what grades it; its feedback is HTML.
        environment=Environment("site", "", {"response_is_html": True}),
        input_random=0,
        regenerate_input_random=False,
        settings=TaskSettings(
            evaluation_mode="last" if _LAST_COUNTS.search(text) else "best",
            submission_limit=_limit(page),
            accessibility=Accessibility(
                closed=form.select_one("#task-submit") is None, soft_end=_deadline(page)
            ),
        ),
        order=-1,
        site=site,
        standing=_standing(page, form),
    )


def texts(task: Task) -> str:
    """Return all that a task shows, one after the other."""
    choices = (
        choice.markup
        for problem in task.problems.values()
        if isinstance(problem, MultipleChoiceProblem)
        for choice in problem.choices
    )
    headers = (problem.header for problem in task.problems.values())
    return "\n".join((task.context, *headers, *choices))


def _link_to_site(page: BeautifulSoup, address: str) -> None:
    """Have the links of the texts lead where they do on the page."""
    for link in page.select("#task_context a[href], form#task a[href]"):
        with contextlib.suppress(ValueError):  # such as [ in a host
            link["href"] = urljoin(address, _attribute(link, "href"))


def listed_task(
    course_id: str, task_id: str, name: str, site: str, *, is_open: bool, standing: SiteStanding
) -> Task:
    """Return a task of which only the line in its course's list is known."""
    return Task(
        course_id=course_id,
        id=task_id,
        path=NO_FOLDER / course_id / task_id,
        name=name or task_id,
        author="",
        contact_url="",
        context="",
        problems={},
        problems_raw={},
        environment=Environment("site", "", {"response_is_html": True}),
        input_random=0,
        regenerate_input_random=False,
        settings=TaskSettings(accessibility=Accessibility(closed=not is_open)),
        order=-1,
        site=site,
        standing=standing,
        is_listed_only=True,
    )


def _name(page: BeautifulSoup) -> str:
    """Return the title, which is also the last of the path at the top of the page."""
    crumb = page.select_one(".breadcrumb .active a") or page.select_one(".breadcrumb .active")
    if crumb is not None:
        return " ".join(
            " ".join(item for item in crumb.children if isinstance(item, NavigableString)).split()
        )
    return ""


# ---- the column beside the task -----------------------------------------------------------------


def _information(page: BeautifulSoup) -> dict[str, str]:
    """Return author and contact, which stand before the deadline, if they stand there."""
    found: dict[str, str] = {}
    for row in _rows_before_status(page)[:-1]:
        cells = row.select("td")
        if len(cells) > 1:
            link = cells[1].select_one("a[href]")
            if link is not None:
                found["contact"] = _attribute(link, "href")
            else:
                found.setdefault("author", _words(cells[1]))
    return found


def _rows_before_status(page: BeautifulSoup) -> list[Tag]:
    status = page.select_one("#task_status")
    row = None if status is None else status.find_parent("tr")
    return [] if row is None else list(row.find_previous_siblings("tr"))[::-1]


def _deadline(page: BeautifulSoup) -> dt.datetime | None:
    """Return the deadline as a local time without a zone, as those of a course's folder are.

    INGInious 0.9.2 writes it in its own time without saying which zone that is.
    """
    rows = _rows_before_status(page)
    cells = rows[-1].select("td") if rows else []
    return None if len(cells) < 2 else _moment(cells[-1])  # noqa: PLR2004 - name and value


def _moment(tag: Tag) -> dt.datetime | None:
    time = tag.select_one("time[datetime]")
    try:
        if time is not None:
            moment = dt.datetime.fromisoformat(_attribute(time, "datetime"))
            return moment.astimezone().replace(tzinfo=None) if moment.tzinfo else moment
        found = _DATE.search(tag.get_text())
        return found and dt.datetime.strptime(found[0], "%d/%m/%Y %H:%M:%S")  # noqa: DTZ007
    except (ValueError, OverflowError, OSError):
        return None


def _limit(page: BeautifulSoup) -> SubmissionLimit:
    """Return the limit on submissions, which stands below how many there were."""
    tries = page.select_one("#task_tries")
    row = None if tries is None else tries.find_parent("tr")
    below = None if row is None else row.find_next_sibling("tr")
    cells = [] if below is None else below.select("td")
    numbers = [int(word) for word in _WHOLE.findall(cells[-1].get_text())] if cells else []
    match numbers:
        case [amount]:
            return SubmissionLimit(amount)
        case [amount, hours]:
            return SubmissionLimit(amount, hours)
    return SubmissionLimit()


def _standing(page: BeautifulSoup, form: Tag) -> SiteStanding:
    return SiteStanding(
        attempts=None if (tries := _first(page, "#task_tries", _WHOLE)) is None else int(tries),
        grade=_first(page, "#task_grade", re.compile(r"\d{1,9}(?:\.\d{1,9})?", re.ASCII)),
        submissions=tuple(_submissions(page)),
        pending=_attribute(form, "data-wait-submission") or None,
    )


def _submissions(page: BeautifulSoup) -> Iterator[SiteSubmission]:
    for item in entries(page, "#submissions [data-submission-id]"):
        classes = item.get_attribute_list("class")
        moment = _moment(item)
        grade = _GRADE.search(item.get_text())
        is_waiting = "list-group-item-warning" in classes
        yield SiteSubmission(
            _attribute(item, "data-submission-id"),
            0.0 if moment is None else moment.timestamp(),
            None if is_waiting else "success" if "list-group-item-success" in classes else "failed",
            None if is_waiting or grade is None else float(grade[1]),
        )


def _first(page: BeautifulSoup, selector: str, pattern: re.Pattern[str]) -> float | None:
    tag = page.select_one(selector)
    found = None if tag is None else pattern.search(tag.get_text())
    number = None if found is None else float(found[0])
    return number if number is not None and math.isfinite(number) else None


# ---- the problems -------------------------------------------------------------------------------


def _problems(form: Tag, text: str, address: str) -> Iterator[Problem]:
    told = _TYPES.search(text)
    types = {} if told is None else dict(_PAIR.findall(html.unescape(told["pairs"])))
    for box in form.select("div.problem", limit=_MAX_PROBLEMS):
        alert = box.select_one(".task_alert_problem[id]")
        problem_id = "" if alert is None else _attribute(alert, "id").removeprefix("task_alert_")
        kind = types.get(problem_id, "")
        # One within another would be read again and again.
        is_own = box.select_one("div.problem") is None
        if not is_own or not is_valid_id(problem_id) or kind not in _READERS:
            raise CourseError(
                Message(
                    "This task asks something that only its page at the site can ask; answer it "
                    "there: {page}.",
                    page=address,
                )
            )
        common = {"id": problem_id, "name": _problem_name(box), "header": _header(alert)}
        yield _READERS[kind](box, common)


def _problem_name(box: Tag) -> str:
    """Return the title of a problem, which stands below "Question 1:"."""
    header = box.select_one(".card-header")
    lines = [] if header is None else header.get_text().split("\n")
    words = [line.strip() for line in lines if line.strip()]
    return " ".join(words[1:])


def _header(alert: Tag | None) -> str:
    """Return what stands between the place for feedback and the first control."""
    parts = []
    for item in () if alert is None else alert.next_siblings:
        if isinstance(item, Tag) and (
            item.name in _CONTROLS
            or item.find(_CONTROLS) is not None
            or _attribute(item, "id").startswith("download-input-file-")
        ):
            break
        parts.append(str(item))
    written = "".join(parts).strip()
    return as_source(written) if written else ""


def _code(box: Tag, common: dict[str, Any]) -> Problem:
    area = box.select_one("textarea")
    language = "" if area is None else _attribute(area, "data-x-language")
    first_line = _attribute(area, "data-x-first-line") if area is not None else ""
    return CodeProblem(
        **common,
        language=language if language != "plain" and _LANGUAGE.fullmatch(language) else "",
        optional=_is_optional(area),
        default="" if area is None else area.get_text(),
        first_line=int(first_line) if _WHOLE.fullmatch(first_line) else 1,
    )


def _line(box: Tag, common: dict[str, Any]) -> Problem:
    field = box.select_one("input[type=text]")
    default = "" if field is None else _attribute(field, "value")
    return SingleLineCodeProblem(**common, optional=_is_optional(field), default=default)


def _match(_box: Tag, common: dict[str, Any]) -> Problem:
    return MatchProblem(**common)


def _file(box: Tag, common: dict[str, Any]) -> Problem:
    field = box.select_one("input[type=file]")
    size = "" if field is None else _attribute(field, "data-max-size")
    try:
        told: Any = json.loads("" if field is None else _attribute(field, "data-allowed-exts"))
    except ValueError:
        told = None
    more: dict[str, Any] = {}
    if isinstance(told, list) and told:
        more["extensions"] = tuple(str(extension) for extension in told)
    if _WHOLE.fullmatch(size):
        more["max_size_bytes"] = max(0, int(size) - _FILE_OVERHEAD_BYTES)
    return FileProblem(**common, **more)


def _choices(box: Tag, common: dict[str, Any]) -> Problem:
    """Return a question with the choices that the page shows; the others stay unknown."""
    shown: dict[int, Choice] = {}
    multiple = False
    labels = {
        _attribute(tag, "for"): tag for tag in reversed(box.select("label[for]")) if is_small(tag)
    }
    for field in box.select("input[type=radio], input[type=checkbox]", limit=_MAX_CHOICES):
        value = _attribute(field, "value")
        if not _WHOLE.fullmatch(value) or int(value) >= _MAX_CHOICES:
            continue
        multiple |= _attribute(field, "type") == "checkbox"
        label = labels.pop(_attribute(field, "id"), None)
        shown[int(value)] = Choice(
            "" if label is None else _words(label), valid=False, markup=_source(label)
        )
    unknown = Choice("", valid=False)
    return MultipleChoiceProblem(
        **common,
        choices=tuple(shown.get(index, unknown) for index in range(max(shown, default=-1) + 1)),
        multiple=multiple,
        shown=tuple(shown),
    )


_READERS = {
    "code": _code,
    "code_single_line": _line,
    "match": _match,
    "multiple_choice": _choices,
    "file": _file,
}


def _is_optional(tag: Tag | None) -> bool:
    return tag is not None and _attribute(tag, "data-optional").lower() == "true"


def _source(tag: Tag | None) -> str:
    """Return the HTML in a tag as reStructuredText."""
    written = "" if tag is None else tag.decode_contents().strip()
    return as_source(written) if written else ""


def _words(tag: Tag) -> str:
    return " ".join(tag.get_text().split())


def _attribute(tag: Tag, name: str) -> str:
    value = tag.get(name)
    return value if isinstance(value, str) else ""
