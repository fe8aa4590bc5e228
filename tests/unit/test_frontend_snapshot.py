"""A static snapshot says what the live widget said, without a script."""

from __future__ import annotations

import re

import msgspec
import nbformat
import pytest
from nbconvert import HTMLExporter

from inginious_nb.client.results import UNAVAILABLE, JobResult
from inginious_nb.errors import AnswerError
from inginious_nb.frontend import lines, serialize, snapshot, style_sheet
from inginious_nb.frontend.publisher import Publisher
from inginious_nb.notebook.answers import Answers
from inginious_nb.notebook.sources import AnswerSource

HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script>'


@pytest.fixture
def task(session):
    return session.task("lab/echo")


def result(task, job_result, lang="en"):
    return serialize.result_info(
        task, job_result, submission_id="s", number=3, at=1_700_000_000.0, lang=lang
    )


def shown(task, job_result, lang="en", **more):
    found = result(task, job_result, lang)
    return snapshot.Snapshot(task, lines.result_line(found, lang), found, lang=lang, **more)


def test_it_shows_verdict_failed_tests_feedback_and_problems_in_this_order(task):
    job_result = JobResult(
        ("failed", "Try *again*: :math:`n^2 < 3`."),
        62.5,
        {"text": ("failed", "Not **quite**.")},
        {"adds": True, "divides": False, "note": "slow", "*auto-tag-0": "a tag"},
    )
    made = shown(task, job_result)
    html = made.html
    parts = (
        *("✗ Failed", "62.5 % · 1 of 2 · ✗ divides", "Echo · Submission 3", "<li>✗ divides"),
        *("<em>again</em>: $n^2 &lt; 3$", "A text", "<strong>quite</strong>", "note: slow"),
        *("1 test passed", "<li>✓ adds", "Tags: a tag"),
    )
    places = [html.find(part) for part in parts]
    assert places == sorted(places)
    assert -1 not in places
    assert "<script" not in html
    first, _, *rest = made.text.splitlines()
    assert first == "✗ Failed · 62.5 % · 1 of 2 · ✗ divides"
    assert rest == [
        "  ✗ divides",
        "  Try again: $n^2 < 3$.",
        "  A text: ✗ Failed",
        "    Not quite.",
        "  note: slow",
        "  ✓ 1 test passed",
    ]


def test_its_words_stay_apart_without_any_style(task):
    job_result = JobResult(("failed", "Try again."), 50.0, {}, {"adds": True, "divides": False})
    html = shown(task, job_result, saved="Saved by ada.", key="k").html
    text = " ".join(re.sub(r"<[^>]+>", "", html).split())
    assert text.startswith("✗ Failed 50 % · 1 of 2 · ✗ divides Echo · Submission 3")
    assert "✗ divides Try again. 1 test passed ✓ adds Saved by ada." in text


def test_a_result_is_small_and_the_style_sheet_comes_once(session, task, monkeypatch):
    checks = {f"check {number}": number != 4 for number in range(5)}
    job_result = JobResult(("failed", "Try again."), 80.0, {"text": ("failed", "No.")}, checks)
    made = shown(task, job_result, key="0" * 32, saved="Saved by ada on 2026-01-01.")
    assert sum(len(text.encode()) for text in made.bundle.values()) < 3_000
    cells = iter([("a", True), ("b", True), ("a", True), ("", False), ("", True)])
    monkeypatch.setattr(style_sheet, "running_cell", lambda: next(cells))
    monkeypatch.setattr(style_sheet, "_given_in", None)
    # The cell that had it is run again; elsewhere it is not repeated.
    given = [style_sheet.brings_style_sheet() for _ in range(5)]
    assert given == [True, False, True, False, False]
    styled = snapshot.Snapshot(task, made.line, styled=True).html
    assert styled.startswith("<style>")
    assert "<style" not in made.html


@pytest.mark.parametrize(
    ("code", "words"), [("killed", "not counted as an attempt"), ("crash", "not graded")]
)
def test_where_nothing_was_graded_there_is_no_grade(task, code, words):
    made = shown(task, JobResult((code, ""), 0.0))
    for text in (made.html, made.text):
        assert "no grade" in text
        assert words in text
        assert "%" not in text


def test_nothing_in_a_result_becomes_markup(task):
    job_result = JobResult(
        (HOSTILE, HOSTILE), 0.0, {"text": (HOSTILE, HOSTILE)}, {HOSTILE: HOSTILE}, {"a": HOSTILE}
    )
    html = shown(task, job_result, remark=HOSTILE, key=HOSTILE, saved=HOSTILE).html
    assert "<script" not in html
    assert "<img" not in html


def test_it_speaks_the_languages_of_the_widget(task):
    job_result = JobResult(("failed", ""), 12.5, {}, {"one": True, "two": False})
    first, second, *rest = shown(task, job_result, "fr-BE").text.splitlines()
    assert first == "✗ Échec · 12,5\u00a0% · 1 sur 2 · ✗ two"
    assert second.startswith("  Echo · Soumission 3")
    assert rest == ["  ✗ two", "  ✓ 1 test réussi"]


def test_a_task_has_its_questions_and_choices(session):
    choose = session.task("lab/choice")
    html = snapshot.task_bundle(session.task_state(choose), session.history, "en", "ada")[
        "text/html"
    ]
    for problem in choose.problems.values():
        assert (problem.name or problem.id) in html
    assert "<li>blue</li>" in html
    assert "Not submitted yet" in html


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
    bundle = snapshot.task_bundle(session.task_state(task), session.history, "en", "ada")
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
    crashed = shown(task, JobResult(("crash", UNAVAILABLE)), "fr")
    assert "Le service de correction n’est pas disponible" in crashed.text


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_it_tells_whose_it_is_and_asks_for_nothing_that_would_submit_again(session, task, lang):
    # The extension restores the widget; running a cell with %inginious submit submits once more.
    publisher = Publisher(session, task, lambda _changed: None)
    publisher.speak(lang)
    html = snapshot.widget_bundle(publisher, key="k")["text/html"]
    assert f" {session.people.student.username} " in html
    assert "%" not in html
    # What to do to go on is said once in a notebook, where the style sheet is.
    html = snapshot.widget_bundle(publisher, key="k", styled=True)["text/html"]
    assert "%load_ext inginious_nb.</p>" in html


def test_it_tells_how_old_the_cells_are_where_no_page_sent_its_own(session, task, monkeypatch):
    submission = session.submissions.new(task, origin="magic")
    publisher = Publisher(session, task, submission=submission)
    source = AnswerSource("text", "cell", "cell [1]", read_at=1_700_000_000.0)
    monkeypatch.setattr(submission, "sources", (source,))
    assert "as it was saved" not in snapshot.widget_bundle(publisher, key="k")["text/html"]
    saved = msgspec.structs.replace(source, kind="notebook-file")
    monkeypatch.setattr(submission, "sources", (source, saved))
    html = snapshot.widget_bundle(publisher, key="k")["text/html"]
    assert "as it was saved on 2023-11-1" in html


def test_the_widget_changes_the_language_of_its_snapshot(session, task):
    publisher = Publisher(session, task, lambda _changed: None)
    english = snapshot.widget_bundle(publisher, key="k")["text/html"]
    publisher.speak("fr-CA")
    french = snapshot.widget_bundle(publisher, key="k")["text/html"]
    assert "Not submitted yet" in english
    assert "Pas encore soumise" in french
    assert "lang=fr-CA" in french
