"""A static snapshot says what the live widget said, without a script."""

from __future__ import annotations

import nbformat
import pytest
from nbconvert import HTMLExporter

from inginious_nb.client.results import UNAVAILABLE, JobResult
from inginious_nb.errors import AnswerError
from inginious_nb.frontend import serialize, snapshot
from inginious_nb.frontend.publisher import Publisher
from inginious_nb.notebook.answers import Answers

HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script>'


@pytest.fixture
def task(session):
    return session.task("lab/echo")


def result(task, outcome):
    return serialize.result_info(task, outcome, submission_id="s", number=3, at=1_700_000_000.0)


def test_it_shows_grade_feedback_problems_and_tests(task):
    outcome = JobResult(
        ("failed", "Try *again*."),
        62.5,
        {"text": ("failed", "Not **quite**.")},
        {"adds": True, "divides": False, "note": "slow", "*auto-tag-0": "a tag"},
    )
    shown = snapshot.Snapshot(task, result(task, outcome), attempts=3)
    html = shown.html
    for part in ("Echo", "62.5 %", "Failed", "<em>again</em>", "<strong>quite</strong>", "divides"):
        assert part in html
    assert "<script" not in html
    assert shown.text.splitlines() == [
        "Echo",
        "Failed: 62.5 %",
        "  Try again.",
        "  A text: Failed",
        "    Not quite.",
        "  Tests: 1 of 2 passed",
    ]


def test_nothing_in_a_result_becomes_markup(task):
    outcome = JobResult(
        (HOSTILE, HOSTILE), 0.0, {"text": (HOSTILE, HOSTILE)}, {HOSTILE: HOSTILE}, {"a": HOSTILE}
    )
    html = snapshot.Snapshot(task, result(task, outcome), remark=HOSTILE, key=HOSTILE).html
    assert "<script" not in html
    assert "<img" not in html


def test_it_speaks_the_languages_of_the_widget(task):
    outcome = JobResult(("failed", ""), 12.5, {}, {"one": True, "two": False})
    shown = snapshot.Snapshot(task, result(task, outcome), attempts=2, lang="fr-BE")
    assert shown.text.splitlines() == [
        "Echo",
        "Échec\u00a0: 12,5\u00a0%",
        "  Tests\u00a0: 1 réussi sur 2",
    ]
    assert "2 tentatives" in shown.html


def test_it_says_that_a_submission_was_refused(session, task):
    submission = session.submissions.new(task, origin="magic")
    with pytest.raises(Exception, match="empty"):
        submission.submit(lambda: Answers({"text": ""}))
    bundle = snapshot.submission_bundle(submission, "en")
    assert "empty" in bundle["text/plain"]
    assert "empty" in bundle["text/html"]


def test_an_exported_notebook_shows_it(session, task):
    session.submit(task, {"text": "right"}, origin="api").wait(30)
    cell = nbformat.v4.new_code_cell("%inginious open lab/echo")
    bundle = snapshot.task_bundle(session.task_state(task), session.history, "en")
    cell.outputs = [nbformat.v4.new_output("display_data", data=bundle)]
    notebook = nbformat.v4.new_notebook(cells=[cell])
    html, _ = HTMLExporter().from_notebook_node(notebook)
    assert "inginious-snapshot" in html
    assert "100 %" in html


def test_a_refused_submission_and_a_crash_are_told_in_the_readers_language(session, task):
    submission = session.submissions.new(task, origin="magic")
    assert "Lecture du notebook" in snapshot.submission_bundle(submission, "fr")["text/plain"]
    with pytest.raises(AnswerError):
        submission.submit(lambda: Answers({"text": ""}))
    assert "la réponse est vide" in snapshot.submission_bundle(submission, "fr")["text/html"]
    crashed = serialize.result_info(
        task,
        JobResult(("crash", UNAVAILABLE)),
        submission_id="s",
        number=1,
        at=None,
        lang="fr",
    )
    shown = snapshot.Snapshot(task, crashed, lang="fr").text
    assert "Le service de correction n’est pas disponible" in shown


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_it_asks_for_nothing_that_would_submit_again(task, lang):
    # The extension wakes the widget; running a cell with %inginious submit submits once more.
    html = snapshot.Snapshot(task, None, key="k", lang=lang).html
    assert "%load_ext inginious_nb.</p>" in html


def test_the_widget_changes_the_language_of_its_snapshot(session, task):
    publisher = Publisher(session, task, lambda _changed: None)
    english = snapshot.widget_bundle(publisher, key="k")["text/html"]
    publisher.speak("fr-CA")
    french = snapshot.widget_bundle(publisher, key="k")["text/html"]
    assert "Not submitted yet" in english
    assert "Pas encore soumise" in french
    assert 'lang="fr-CA"' in french
