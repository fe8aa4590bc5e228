"""Reading the site's pages, without I/O. Words are localised there, so only structure is read."""

from __future__ import annotations

import html as entities
import itertools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bs4 import BeautifulSoup
from bs4.exceptions import ParserRejectedMarkup

from inginious_nb.i18n import visible

from . import answers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bs4 import Tag

_RANDOM = re.compile(r"@random_\d+")
_SUBMISSION = re.compile(r"[0-9a-f]{24}")
_ID = r"[A-Za-z0-9_\-.]+"
_COURSE_LINK = re.compile(rf"/course/(?P<course>{_ID})/?$")
_TASK_LINK = re.compile(rf"/course/(?P<course>{_ID})/(?P<task>{_ID})/?$")
_QUERY = re.compile("[?#]")
_NUMBER = re.compile(r"\d{1,9}(?:[.,]\d{1,9})?", re.ASCII)
_TITLE = re.compile(r"<title[^<>]{0,100}>([^<>]{1,300})", re.IGNORECASE)
_MAX_TITLE_CHARS = 80
_MAX_NOTE_CHARS = 300
_MAX_UNFINISHED = 200
_MAX_DEPTH = 256
_MAX_ENTRIES = 2_000
_MAX_ENTRY_PARTS = 300


@dataclass(frozen=True)
class TaskPage:
    """The form of a task page.

    Attributes:
        may_submit: Whether the page offers to submit.
        refusal: Why not, in the site's own words.
        random_values: The hidden random inputs, to be sent back unchanged.
        pending: The id of this user's submission that is not graded yet, or None.
        submissions: Ids of this user's submissions, the newest first.
    """

    may_submit: bool
    refusal: str = ""
    random_values: Mapping[str, str] = field(default_factory=dict)
    pending: str | None = None
    submissions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Listed:
    """A course or a task in a list of the site.

    Attributes:
        id: Its id.
        name: Its title, possibly empty.
        open: False if its deadline is over.
        grade: The person's grade in percent, None if the list shows none.
        passed: Whether the person has succeeded in it.
    """

    id: str
    name: str
    open: bool = True
    grade: float | None = None
    passed: bool = False


def parsed(html: str) -> BeautifulSoup:
    """Return a page as elements; every page is read by this.

    Raises:
        SiteError: It is written so that no parser gets anywhere with it.
    """
    # Python's parser looks for the end of each of these in all that follows: minutes for each
    # hundred kilobytes where there is none.
    unfinished = (
        html.count("<", html.rfind(">") + 1),
        html.count("<!--", html.rfind("-->") + 1),
        html.count("<!["),
    )
    if max(unfinished) > _MAX_UNFINISHED:
        raise answers.strange(html)
    try:
        return _Page(html, "html.parser")
    except (ParserRejectedMarkup, RecursionError) as error:
        raise answers.strange(html) from error


class _Page(BeautifulSoup):
    """A page that is not nested deeper than any site writes it.

    To look into each of many elements takes the time of their number times their depth: hours.
    """

    def pushTag(self, tag: Tag) -> None:  # noqa: N802 - the name in bs4
        super().pushTag(tag)
        if len(self.tagStack) > _MAX_DEPTH:
            raise ParserRejectedMarkup("It is nested too deeply.")


def entries(page: Tag, selector: str) -> list[Tag]:
    """Return the entries of a list: so many, and none that has more in it than any has."""
    return [tag for tag in page.select(selector, limit=_MAX_ENTRIES) if is_small(tag)]


def is_small(tag: Tag) -> bool:
    """Return whether a tag has no more in it than an entry of a list, or a choice, has."""
    return next(itertools.islice(tag.descendants, _MAX_ENTRY_PARTS, None), None) is None


def is_sign_in_page(html: str) -> bool:
    """Return whether a page asks for name and password instead of showing what was asked for."""
    if "password" not in html:
        return False  # most pages, without reading them
    page = parsed(html)
    return _form(page) is None and page.select_one("input[name=password]") is not None


def read_task_page(html: str) -> TaskPage | None:
    """Read a task page; None if the page has no form of a task."""
    form = _form(parsed(html))
    if form is None:
        return None
    page = form.find_parent("body") or form
    closed = [button for button in form.select("button[disabled]") if not button.get("id")]
    return TaskPage(
        may_submit=form.select_one("button#task-submit") is not None,
        refusal=_words(closed[-1]) if closed else "",
        random_values={
            name: _attribute(item, "value")
            for item in form.select("input[type=hidden]")
            if _RANDOM.fullmatch(name := _attribute(item, "name"))
        },
        pending=_submission(form, "data-wait-submission"),
        submissions=tuple(
            submission
            for item in page.select("#submissions [data-submission-id]", limit=_MAX_ENTRIES)
            if (submission := _submission(item, "data-submission-id")) is not None
        ),
    )


def read_note(html: str) -> str:
    """Return the alert of a page in the site's words, such as "Task unavailable"; else ""."""
    page = parsed(html)
    alert = page.select_one("#main-content .alert") or page.select_one(".alert")
    return "" if alert is None else _words(alert)


def read_title(html: str) -> str:
    """Return the title of any page, "" if it has none; the page is not read as a whole."""
    title = _TITLE.search(html)
    words = "" if title is None else visible(" ".join(entities.unescape(title[1]).split()))
    return words if len(words) <= _MAX_TITLE_CHARS else f"{words[:_MAX_TITLE_CHARS]}…"


def read_courses(html: str) -> tuple[Listed, ...]:
    """Read the courses that a list of courses links to, in its order."""
    found: dict[str, str] = {}
    for link in entries(parsed(html), "a[href*='/course/']"):
        if (match := _COURSE_LINK.search(_address(link))) is not None:
            found[match["course"]] = found.get(match["course"]) or _title(link)
    return tuple(Listed(course, name) for course, name in found.items())


def read_tasks(html: str, course_id: str) -> tuple[Listed, ...]:
    """Read the tasks that a course page shows, in its order; future and closed ones it hides."""
    found: dict[str, Listed] = {}
    for link in entries(parsed(html), "a.list-group-item[href]"):
        match = _TASK_LINK.search(_address(link))
        if match is not None and match["course"] == course_id and match["task"] not in found:
            found[match["task"]] = Listed(
                match["task"],
                _title(link),
                "disabled" not in link.get_attribute_list("class"),
                grade=_number(link.select_one(".progress-bar")),
                passed=(mark := link.select_one(".fa-check")) is not None
                and "transparent" not in _attribute(mark, "style"),
            )
    return tuple(found.values())


def _form(page: BeautifulSoup) -> Tag | None:
    return page.select_one("form#task")


def _submission(tag: Tag, name: str) -> str | None:
    value = _attribute(tag, name)
    return value if _SUBMISSION.fullmatch(value) else None


def _attribute(tag: Tag, name: str) -> str:
    value = tag.get(name)
    return value if isinstance(value, str) else ""


def _address(link: Tag) -> str:
    """Return the address of a link without what follows its path."""
    return _QUERY.split(_attribute(link, "href"), maxsplit=1)[0]


def _words(tag: Tag) -> str:
    return " ".join(tag.get_text(" ").split())[:_MAX_NOTE_CHARS]


def _number(tag: Tag | None) -> float | None:
    """Return the first number in the words of a tag."""
    found = None if tag is None else _NUMBER.search(tag.get_text())
    return None if found is None else float(found[0].replace(",", "."))


def _title(link: Tag) -> str:
    """Return the first words of a link; behind them are badges and grades."""
    words = " ".join(next(link.stripped_strings, "").split())
    return words.removesuffix(" -")[:_MAX_NOTE_CHARS]  # the word for a deadline follows
