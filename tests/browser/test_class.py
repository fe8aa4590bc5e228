"""A class in a notebook: from a folder of notebooks to wrong answers side by side."""

from __future__ import annotations

import re
import shutil

import pytest
from playwright.sync_api import expect

from tests.support.invented_class import OFF_BY_ONE, STUDENTS, write_class
from tests.support.published_class import class_of, graded, publisher_of

from .held_jobs import held_jobs
from .notebook import code, load
from .server import COURSES
from .test_looks import RULES

GRADING_LIMIT_MS = 60_000


def names_in(text):
    return [name for name in STUDENTS if re.search(rf"\b{name}\b", text)]


def test_from_a_folder_to_the_typical_wrong_answers_side_by_side(lab, open_notebook, tmp_path):
    write_class(lab.folder / "handed-in")
    course = shutil.copytree(COURSES / "demo", tmp_path / "demo")
    notebook = open_notebook(
        load(INGINIOUS_COURSES=str(tmp_path)), code("%inginious class handed-in")
    )
    notebook.run_to_end(1)
    notebook.run_to_end(2)
    shown = notebook.widget(2)
    everyone = len(STUDENTS)
    expect(shown).to_contain_text(f"{everyone} of {everyone} done", timeout=GRADING_LIMIT_MS)
    matrix = shown.get_by_role("table", name="Grades")
    expect(matrix.get_by_role("button")).to_have_count(everyone)
    expect(matrix).to_contain_text("no answer")
    # The test that most failed comes first; a click compares one answer of each kind.
    worst = shown.locator(".inginious-bar").first
    expect(worst).to_contain_text("Fast enough")
    worst.click()
    expect(shown).to_contain_text("Who failed “Fast enough”")
    whose = shown.locator(".inginious-whose")
    expect(whose).to_have_count(3)
    expect(shown.locator(".inginious-side")).to_contain_text([re.compile("def fib")] * 3)
    expect(shown.locator("ins").first).to_be_visible()
    # Two that wrote the same, by the keyboard; names are hidden until they are asked for.
    shown.get_by_role("button", name="Clear").click()
    assert names_in(shown.inner_text()) == []
    shown.get_by_label("Show names").check()
    bob = matrix.get_by_role("button", name=re.compile("^Bob, "))
    bob.press("Enter")
    bob.press("ArrowDown")
    notebook.page.keyboard.press("Enter")
    expect(whose).to_contain_text(["Bob", "Cyd"])
    expect(shown).to_contain_text("The same as the first.")
    assert OFF_BY_ONE.split("\n")[3] in shown.locator(".inginious-side").last.inner_text()
    # What a student wrote is text.
    shown.get_by_role("button", name="Clear").click()
    matrix.get_by_role("button", name=re.compile("^Hal, ")).click()
    expect(shown.locator(".inginious-side")).to_contain_text("<img src=x")
    assert shown.locator(".inginious-side img, .inginious-side script").count() == 0
    shown.get_by_label("Projector").check()
    expect(notebook.page.locator(".inginious-projector")).to_have_css("font-size", "22px")
    shown.get_by_label("Projector").uncheck()
    # One is graded again, and the notebook keeps nothing of the class.
    with held_jobs(course, "fib"):
        shown.get_by_role("button", name="Regrade: Hal").click()
        expect(shown).to_contain_text(f"{everyone - 1} of {everyone} done")
    expect(shown).to_contain_text(f"{everyone} of {everyone} done", timeout=GRADING_LIMIT_MS)
    table = notebook.output(2).locator("table", has_text="Mean of what was graded")
    expect(table).to_be_attached()
    expect(table).to_be_hidden()  # the live view is there
    notebook.save()
    assert names_in(str(notebook.saved())) == []
    assert "Mean of what was graded" in str(notebook.saved())
    lab.end_kernels()
    notebook.page.reload()
    expect(table).to_be_visible(timeout=GRADING_LIMIT_MS)
    expect(table.get_by_role("row")).to_have_count(everyone + 2)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_a_class_and_few_of_many_rows_are_in_the_page(stage, theme):
    state = class_of(120, 4)
    for seed, entry in enumerate(state.entries[:400]):
        state.put(graded(entry, seed % 7))
    told = []
    publisher_of(state, told.append).publish_now()
    answer = {"student": 1, "task": "lab/task0", "state": "graded", "grade": 40.0}
    answer |= {"code": "failed", "message": "", "feedback": {"html": "<p>So.</p>"}}
    answer |= {
        "problems": {},
        "passed": [],
        "failed": ["test 1"],
        "answers": {"q": "x\ny" + 99 * " = 1"},
    }
    answers = {"answers": {"answers": [answer, answer | {"student": 2, "answers": {"q": "z"}}]}}
    stage.dark(on=theme == "dark")
    page = stage.page
    page.evaluate("([info, answers]) => window.showClass(info, answers)", [told[0], answers])
    assert page.locator("tbody tr").count() < 40
    cells = page.get_by_role("table", name="Grades").get_by_role("button")
    cells.first.click()
    page.locator(".inginious-chip").nth(1).click()
    for projector in (False, True):
        page.get_by_label("Projector").set_checked(projector)
        found = page.evaluate(
            "rules => axe.run('#stage', { runOnly: { type: 'tag', values: rules } })", RULES
        )
        assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []
        # What is cut off is told by a shadow, and of answers nothing is on a projector.
        edges = page.locator(".inginious-side .inginious-edges").first
        cut = re.compile("inginious-more-end")
        (expect(edges).not_to_have_class if projector else expect(edges).to_have_class)(cut)
    page.get_by_label("Projector").uncheck()
    frame = page.locator(".inginious-edges", has=page.get_by_role("table"))
    expect(frame).to_have_class("inginious-edges inginious-matrix-edges inginious-more-below")
    page.set_viewport_size({"width": 320, "height": 900})
    expect(frame).to_have_class(re.compile("more-end"))
    page.set_viewport_size({"width": 900, "height": 900})
    # The last of all is one key away from each screenful.
    cells.first.focus()
    for _ in range(10):
        page.keyboard.press("PageDown")
    expect(page.locator("button:focus")).to_have_accessible_name(re.compile("^Student 120, "))
    assert page.locator("tbody tr").count() < 40
