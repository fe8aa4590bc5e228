"""What is read from a site's pages, in the words of either version and of no version at all."""

from __future__ import annotations

import contextlib
import datetime as dt

import pytest

from inginious_nb.course import CodeProblem
from inginious_nb.errors import CourseError
from inginious_nb.services.inginious_web.failures import SiteError
from inginious_nb.services.inginious_web.pages import read_courses, read_tasks
from inginious_nb.services.inginious_web.task_reader import read_task
from tests.support.effort import watchdog

SITE = "https://inginious.example.edu"
S = "6b07251ed61befca3f97b97"


def page(problems="", *, deadline="-", types="{}", submissions="", button="", more=""):
    """A task page with what its side column, its form and its script have."""
    return f"""<body><ol class="breadcrumb"><li class="active"><a href="#">T <b>x</b></a></li></ol>
    <table><tr><td>Auteur</td><td>A.  Uthor</td></tr>
    <tr><td>Contact</td><td><a href="https://x/y">Lien</a></td></tr>
    <tr><td>Date limite</td><td>{deadline}</td></tr>
    <tr><td>État</td><td id="task_status">?</td></tr>
    <tr><td>Note</td><td><span id="task_grade">33.33</span>%</td></tr>
    <tr><td>Essais</td><td id="task_tries"> 7 </td></tr>{more}</table>
    <ul id="submissions">{submissions}</ul>
    <div id="task_context"><p>Hi <a href="T/f.txt">f</a></p></div>
    <form id="task">{problems}{button}</form>
    <script>var problems_types = {types}; init_task_page("last");</script></body>"""


def problem(problem_id, control, header="<p>Say</p>"):
    return f"""<div class="problem"><h5 class="card-header">
      Question 1 :
      A name
    </h5><div><div id="task_alert_{problem_id}" class="task_alert_problem"></div>
    {header}{control}</div></div>"""


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("25/11/2026 18:15:24", dt.datetime(2026, 11, 25, 18, 15, 24)),  # noqa: DTZ001
        (
            '<time datetime="2030-01-01T10:30:00-05:00">x</time>',
            dt.datetime.fromisoformat("2030-01-01T10:30:00-05:00").astimezone(),
        ),
        ("Pas de date limite", None),
        ("99/99/2026 18:15:24", None),
        ('<time datetime="soon">x</time>', None),
    ],
)
def test_a_deadline_is_read_as_either_version_writes_it(written, read):
    task = read_task(page(deadline=written), "c", "t", SITE)
    assert task.accessibility.deadline == (read and read.replace(tzinfo=None))
    assert (task.name, task.author, task.contact_url) == ("T", "A. Uthor", "https://x/y")
    assert (task.standing.attempts, task.standing.grade) == (7, 33.33)
    assert task.evaluation_mode == "last"
    assert task.accessibility.closed
    assert f'href="{SITE}/course/c/T/f.txt"' in task.context


def test_submissions_are_read_as_either_version_lists_them():
    rows = f"""<li class="list-group-item-warning" data-submission-id="{S}3"><span>now</span></li>
    <li class="list-group-item-danger" data-submission-id="{S}2"><span>
      <time datetime="2026-11-25T18:15:24+00:00">x</time> - 21.0%</span></li>
    <li class="list-group-item-success" data-submission-id="{S}1"><span>
      25/11/2026 18:15:24 - 100%</span></li>"""
    waiting, failed, passed = read_task(page(submissions=rows), "c", "t", SITE).standing.submissions
    assert (waiting.code, waiting.grade) == (None, None)
    assert (failed.id, failed.code, failed.grade) == (f"{S}2", "failed", 21.0)
    assert failed.submitted_at == dt.datetime.fromisoformat("2026-11-25T18:15:24Z").timestamp()
    assert (passed.code, passed.grade) == ("success", 100.0)


@pytest.mark.parametrize(("cells", "amount", "hours"), [("5", 5, None), ("5 en 24 h", 5, 24)])
def test_a_limit_is_read_in_any_language(cells, amount, hours):
    row = f"<tr><td>Limite</td><td>{cells}</td></tr>"
    limit = read_task(page(more=row), "c", "t", SITE).settings.submission_limit
    assert (limit.amount, limit.period_h) == (amount, hours)


@pytest.mark.parametrize("quote", ["'", '"', "&#39;"])
def test_a_problem_is_read_without_its_answer(quote):
    types = "{'q': 'code'}".replace("'", quote)
    box = problem(
        "q", '<textarea name="q" data-x-language="c++" data-x-first-line="x">a</textarea>'
    )
    (found,) = read_task(page(box, types=types), "c", "t", SITE).problems.values()
    assert isinstance(found, CodeProblem)
    assert (found.name, found.default, found.language, found.first_line) == ("A name", "a", "", 1)
    assert "<p>Say</p>" in found.header


def test_choices_that_are_not_shown_cannot_be_chosen():
    control = "".join(
        f'<input type="checkbox" name="q" value="{v}" id="q_{v}"><label for="q_{v}">L {v}</label>'
        for v in ("3", "1", "x", "99999999")
    )
    (found,) = read_task(
        page(problem("q", control), types="{'q': 'multiple_choice'}"), "c", "t", SITE
    ).problems.values()
    assert [choice["index"] for choice in found.displayed_choices("me")] == ["3", "1"]
    assert found.check(["L 3", "1"]) == ["3", "1"]
    for hidden in ("0", "2", "4"):
        with pytest.raises(Exception, match="not one of the choices"):
            found.check(hidden)


@pytest.mark.parametrize(
    ("problem_id", "types"), [("q", "{'q': 'blockly'}"), ("../q", "{'../q': 'code'}"), ("q", "{}")]
)
def test_what_only_the_site_can_ask_is_said_with_its_page(problem_id, types):
    with pytest.raises(CourseError, match=f"{SITE}/course/c/t"):
        read_task(page(problem(problem_id, "<input>"), types=types), "c", "t", SITE)


def test_a_page_without_a_task_is_none():
    assert read_task("<form id='other'></form>", "c", "t", SITE) is None


def test_a_list_of_tasks_is_read_with_grades():
    row = """<a class="list-group-item disabled" href="/course/c/t?x=1">
      <i class="fa-check" style="color: #468847"></i> Name <b>over</b>
      <div class="progress-bar">33.333 %</div></a>
      <a class="list-group-item" href="/course/other/t">Other</a>"""
    (task,) = read_tasks(row, "c")
    assert (task.id, task.name, task.open) == ("t", "Name", False)
    assert (task.passed, task.grade) == (True, 33.333)


BOX = '<div class="problem"><div class="task_alert_problem" id="task_alert_q"></div>'
CHOICES = "<script>var problems_types = {'q': 'multiple_choice'};</script>"
HOSTILE_PAGES = {
    "a link that goes on": '<a class="list-group-item" href="'
    + "/course/c/t?" * 60_000
    + '&#10;">',
    "links in links": '<a class="list-group-item" href="/course/c/t">' * 5_000,
    "problems in problems": f"{CHOICES}<form id='task'>{BOX * 900}",
    "choices": f"{CHOICES}<form id='task'>{BOX}{'<input type=radio value=1 id=a>' * 4_000}",
    "submissions": "<form id='task'></form><ul id='submissions'>"
    + "<b data-submission-id>" * 4_000,
    "statement": "<form id='task'></form><div id='task_context'>" + "<i><a href='x'>" * 4_000,
}


@pytest.mark.parametrize("kind", HOSTILE_PAGES)
def test_no_page_of_a_few_kilobytes_is_read_for_long(kind):
    with watchdog(30):
        for read in (read_courses, lambda text: read_tasks(text, "c"), task_of):
            with contextlib.suppress(SiteError, CourseError):
                read(HOSTILE_PAGES[kind])


def task_of(text):
    return read_task(text, "c", "t", SITE)
