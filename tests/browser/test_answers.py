"""What a student does before and after submitting: tie cells, write, look back, put back."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from .notebook import code, load, markdown

DIVISION = code("%inginious open demo/division")


def started(open_notebook, *cells):
    notebook = open_notebook(load(), *cells)
    notebook.run_to_end(1)
    notebook.run_to_end(2)
    return notebook


def details(widget, title):
    """Unfold a part of the widget."""
    widget.locator("summary", has_text=title).click()


def test_a_problem_is_tied_to_a_cell_without_the_kernel(open_notebook):
    notebook = started(
        open_notebook, code("%inginious open demo/fib"), code("def fib(n): return 1"), code("2")
    )
    widget = notebook.widget(2)
    # Without a cell there is a small editor, which begins with the task's own text.
    editor = widget.get_by_role("textbox", name="The function fib")
    expect(editor).to_have_value(re.compile(r"def fib\(n\)"))
    picker = widget.get_by_label("Cell that answers this question")
    picker.select_option("Cell [ ]: def fib(n): return 1")
    expect(editor).to_have_count(0)
    link = widget.get_by_role("button", name="cell [ ]: def fib(n): return 1")
    expect(link).to_be_visible()
    notebook.save()
    assert notebook.saved()["cells"][2]["metadata"]["tags"] == ["inginious:demo/fib/fib"]
    link.click()
    expect(notebook.cell(3)).to_have_class(re.compile("jp-mod-active"))
    picker.select_option("No cell: write it here")
    expect(editor).to_be_visible()
    notebook.save()
    assert notebook.saved()["cells"][2]["metadata"]["tags"] == []


def test_what_will_be_sent_is_shown_before_it_is_sent(open_notebook):
    notebook = started(open_notebook, DIVISION, code("3", "inginious:quotient"))
    widget = notebook.widget(2)
    expect(widget.get_by_text("Still missing: A remainder with a surprise")).to_be_visible()
    details(widget, "What will be sent")
    expect(widget.get_by_text("cell [ ]: 3 · read now")).to_be_visible()
    widget.get_by_role("textbox", name="A remainder").fill("2")
    expect(widget.get_by_text("entered here · read now")).to_be_visible()
    expect(widget.get_by_text("Still missing")).to_have_count(0)
    notebook.submit(2)
    expect(notebook.result(2)).to_contain_text("100 %")


def test_a_changed_answer_is_marked_and_an_old_one_put_back(open_notebook):
    notebook = started(
        open_notebook, DIVISION, code("3", "inginious:quotient"), code("2", "inginious:remainder")
    )
    widget = notebook.widget(2)
    notebook.submit(2)
    expect(notebook.result(2)).to_contain_text("100 %")
    notebook.write(3, "4")
    expect(widget.get_by_text("Changed since the last submission")).to_have_count(1)
    notebook.submit(2)
    expect(notebook.result(2)).to_contain_text("50 %")
    expect(widget.get_by_text("Changed since the last submission")).to_have_count(0)
    details(widget, "History")
    expect(widget.get_by_role("img", name=re.compile(r"Grades of \d+ attempts"))).to_be_visible()
    widget.get_by_role("button", name=re.compile("^Open: Submission")).nth(1).click()
    expect(widget.locator(".inginious-diff-removed")).to_have_text(re.compile(r"then\s*3\s*$"))
    expect(widget.locator(".inginious-diff-added")).to_have_text(re.compile(r"now\s*4\s*$"))
    widget.get_by_role("button", name="Restore this answer").click()
    widget.get_by_role("button", name="Replace", exact=True).click()
    expect(notebook.cell(3).locator(".cm-content")).to_have_text("3")
    expect(widget.get_by_text("Changed since the last submission")).to_have_count(1)


def test_what_was_entered_survives_a_reload(open_notebook):
    notebook = started(open_notebook, code("%inginious open demo/quiz"))
    widget = notebook.widget(2)
    widget.get_by_role("radio", name="It prints 15").check()
    widget.get_by_role("checkbox", name="a list").check()
    details(widget, "What will be sent")
    expect(widget.get_by_text("entered here")).to_have_count(2)
    notebook.save()
    notebook.reload()
    expect(notebook.widget(2).get_by_role("radio", name="It prints 15")).to_be_checked()
    expect(notebook.widget(2).get_by_role("checkbox", name="a list")).to_be_checked()


def test_a_choice_and_the_cell_that_makes_it_are_one_answer(open_notebook):
    notebook = started(
        open_notebook,
        code("%inginious open demo/quiz"),
        markdown("It prints 15", "inginious:loop"),
        code("a string", "inginious:keys"),
    )
    widget = notebook.widget(2)
    expect(widget.get_by_role("radio", name="It prints 15")).to_be_checked()
    expect(widget.get_by_role("checkbox", name="a string")).to_be_checked()
    widget.get_by_role("checkbox", name="a tuple of numbers").check()
    expect(notebook.cell(4).locator(".cm-content")).to_contain_text("a tuple of numbers")
    widget.get_by_role("radio", name="It prints 10").check()
    expect(notebook.cell(3).get_by_role("paragraph")).to_have_text("It prints 10")


def test_a_file_is_handed_in(open_notebook):
    notebook = started(open_notebook, code("%inginious open demo/temperatures"))
    widget = notebook.widget(2)
    days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    table = "day,celsius\n" + "".join(f"{day},{number}.5\n" for number, day in enumerate(days, 10))
    chosen = {"name": "week.csv", "mimeType": "text/csv", "buffer": table.encode()}
    widget.locator("input[type=file]").set_input_files(chosen)
    expect(widget.get_by_text(f"week.csv ({len(table)} B)")).to_be_visible()
    notebook.submit(2)
    expect(notebook.result(2)).to_contain_text("100 %")
    # Or one on the kernel's disk.
    (notebook.server.folder / "kernel.csv").write_text("nothing")
    widget.get_by_label("or a path on the kernel").fill("kernel.csv")
    widget.get_by_role("button", name="Use this path").click()
    notebook.submit(2)
    expect(notebook.result(2)).to_contain_text("Failed")
    widget.get_by_label("or a path on the kernel").fill("elsewhere.csv")
    widget.get_by_role("button", name="Use this path").click()
    # That it is not there is said before anything is sent.
    expect(widget.get_by_text("the file “elsewhere.csv” cannot be read").first).to_be_visible()
    notebook.submit(2)
    expect(widget.get_by_role("alert")).to_contain_text("elsewhere.csv")


def test_feedback_appears_beneath_the_cell_that_answers(open_notebook):
    notebook = open_notebook(
        load(),
        code("%inginious open demo/fib"),
        code("%%inginious answer fib\ndef fib(n):\n    return n\nfib(3)"),
    )
    for number in (1, 2, 3):
        notebook.run_to_end(number)
    expect(notebook.output(3).get_by_text("3", exact=True)).to_be_visible()
    slim = notebook.widget(3)
    expect(slim.get_by_text("The function fib")).to_be_visible()
    # Whoever clicks: the result of the problem is told where its answer is.
    notebook.submit(2)
    expect(slim).to_contain_text(re.compile(r"\d+ %"))
    slim.get_by_role("button", name="Details").click()
    expect(slim).to_contain_text("fib(0)")


def test_the_command_submits_live_cells_also_while_it_waits(open_notebook):
    notebook = open_notebook(
        load(),
        code("%inginious submit demo/division --wait"),
        code("0", "inginious:quotient"),
        code("2", "inginious:remainder"),
    )
    notebook.run_to_end(1)
    notebook.write(3, "3")
    notebook.run(2)
    expect(notebook.result(2)).to_contain_text("100 %")
    notebook.wait_for_cell(2)


def test_an_answer_that_cannot_be_sent_is_refused_where_it_stands(open_notebook):
    notebook = started(
        open_notebook, DIVISION, code("", "inginious:quotient"), code("2", "inginious:remainder")
    )
    widget = notebook.widget(2)
    notebook.submit(2)
    expect(widget.get_by_role("alert")).to_contain_text("Apples for each child")
    notebook.write(3, "3")
    notebook.submit(2)
    expect(notebook.result(2)).to_contain_text("100 %")
    expect(widget.get_by_role("alert")).to_be_empty()


def test_a_line_that_only_ipython_runs_is_told_and_may_be_left_out(open_notebook):
    notebook = started(
        open_notebook,
        code("%inginious open demo/fib"),
        code("%%time\ndef fib(n):\n    return n if n < 2 else fib(n - 1)", "inginious:fib"),
    )
    widget = notebook.widget(2)
    expect(widget.get_by_text("cannot run `%%time`").first).to_be_visible()
    widget.get_by_label("Lines that only IPython runs").select_option("leave them out")
    expect(widget.get_by_text("cannot run `%%time`")).to_have_count(0)
    notebook.submit(2)
    expect(notebook.result(2)).to_contain_text("%")


def test_where_it_runs_is_told_when_asked(open_notebook):
    notebook = started(open_notebook, DIVISION)
    widget = notebook.widget(2)
    details(widget, "Where it runs")
    expect(widget.get_by_text("Sandbox", exact=True)).to_be_visible()
