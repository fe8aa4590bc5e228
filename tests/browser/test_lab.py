"""JupyterLab's own interface, with the mouse: no command is typed and no kernel is needed."""

from __future__ import annotations

import csv
import json
import os
import re
import sys
import time

import pytest
from playwright.sync_api import expect

from inginious_nb import __version__
from inginious_nb.course import demo_class

from .held_jobs import held_jobs
from .lab_page import (
    START_LIMIT_MS,
    beside_demo,
    copy_demo,
    line,
    one_more_graded,
    run_command,
    task,
    without_kernel,
)
from .notebook import NotebookPage, code, markdown, write_notebook
from .server import TOKEN

CLASS_LIMIT_MS = 90_000
_KINDS = {"right": 6, "unchecked": 15, "slow": 1, "prints": 1, "crashing": 1, "endless": 1}
_KINDS |= {"syntax": 1, demo_class.EMPTY: 1, demo_class.TWICE: 1, demo_class.BROKEN: 2}
THIRTY = dict(
    zip(
        demo_class.STUDENTS,
        [kind for kind, count in _KINDS.items() for _ in range(count)],
        strict=True,
    )
)
"""Students and the kinds of their answers: nineteen fail the same test."""

COMMAND = "%load_ext inginious_nb\n%inginious submit demo/division remainder=-1"


def open_class(page, folder):
    """Open the view of a class from the menu of its folder."""
    item = page.locator(".jp-DirListing-item[data-isdir=true]").filter(has_text=folder)
    item.click(button="right")
    page.get_by_role("menuitem", name="Open class view…").click()


def test_from_the_launcher_card_to_a_grade(open_lab):
    page = open_lab()
    page.locator(".jp-LauncherCard").filter(has_text="Try the demo").click()
    apples = line(page, "Sharing apples: Apples for each child")
    expect(page.locator(".jp-Notebook-ExecutionIndicator")).to_have_attribute(
        "data-status", "idle", timeout=START_LIMIT_MS
    )
    expect(page.locator(".lm-DockPanel-tabBar .jp-mod-dirty")).to_have_count(0)
    apples.get_by_role("button", name="Submit").click()
    expect(apples).to_contain_text("Success")
    # Each button says what it is about.
    expect(page.get_by_role("button", name="Submit: Counting roses", exact=True)).to_be_attached()
    surprise = line(page, "Sharing apples: A remainder with a surprise")
    expect(surprise).to_contain_text("Failed")
    expect(task(page, "Sharing apples")).to_contain_text("50 %")
    expect(task(page, "Sharing apples").get_by_role("img", name="partly right")).to_be_visible()
    expect(page.locator(".inginious-tally-count")).to_contain_text("This notebook: 0 of 6 passed")
    # The statement stands beside the notebook, and all of it is there after a reload.
    task(page, "Sharing apples").click()
    statement = page.locator(".inginious-task-document")
    expect(statement).to_contain_text("Seventeen apples, five children")
    page.get_by_role("tab", name="quickstart").click()
    with page.expect_response(lambda sent: "/api/workspaces/" in sent.url):
        page.keyboard.press("Control+s")
    page.reload()
    expect(apples).to_contain_text("Success", timeout=START_LIMIT_MS)
    expect(statement).to_contain_text("Seventeen apples, five children")
    expect(page.get_by_role("tab", name="Sharing apples")).to_be_visible()
    expect(task(page, "Sharing apples")).to_contain_text("50 %")


def test_a_task_is_made_from_the_launcher_and_its_script_is_open(server, open_lab):
    page = open_lab()
    page.locator(".jp-LauncherCard").filter(has_text="New task").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Folder of the course").fill("courses/made")
    dialog.get_by_label("Name of the task").fill("two words")
    dialog.get_by_label("What it asks for").select_option(label="shell script")
    dialog.get_by_role("button", name="Ok").click()
    # What was refused is still there, to be corrected.
    expect(dialog.get_by_role("alert")).to_contain_text("two words cannot be an id")
    dialog.get_by_label("Name of the task").fill("words")
    if pictures := os.environ.get("LOOK"):
        page.screenshot(path=f"{pictures}/new-task.png")
    dialog.get_by_role("button", name="Ok").click()
    expect(page.locator(".lm-TabBar-tabLabel").get_by_text("run", exact=True)).to_be_visible()
    assert (server.folder / "courses/made/words/test/right.test").is_file()


def test_no_kernel_is_needed(server, open_lab, page):
    snapshot = '<section class="inginious-snapshot inginious-snapshot-k">Saved.</section>'
    answer = code("grep -iw rose poems/* | wc -l", "inginious:demo/pipeline/command")
    answer["outputs"] = [
        {"output_type": "display_data", "data": {"text/html": snapshot}, "metadata": {}}
    ]
    without_kernel(
        server,
        open_lab,
        answer,
        markdown("It prints 10", "inginious:demo/quiz/loop"),
    )
    cell = page.locator(".jp-CodeCell.inginious-answer")
    cell.locator(".jp-InputArea").click()
    # The toolbar of the active cell has it, too.
    with one_more_graded(server, "pipeline"):
        cell.locator(".jp-cell-toolbar").get_by_role("button", name="Submit").click()
    expect(cell.locator(".inginious-answer-line")).to_contain_text(re.compile("Success|Failed"))
    # What was saved of it says nothing more.
    expect(cell.get_by_text("Saved.")).to_be_hidden()
    # What is chosen in the statement is sent from beneath a cell, too.
    page.get_by_role("tab", name="INGInious").click()
    task(page, "Read before you run").click()
    statement = page.locator(".inginious-task-document")
    statement.get_by_role("checkbox").first.check()
    with one_more_graded(server, "quiz"):
        line(page, "Read before you run: A loop").get_by_role("button", name="Submit").click()
    expect(statement.locator(".inginious-line")).to_contain_text(re.compile(r"\d+ %"))


def test_a_notebook_of_another_language_is_answered(server, open_lab, page):
    bash = {"argv": [sys.executable, "-m", "bash_kernel", "-f", "{connection_file}"]}
    folder = server.folder.parent / "share" / "kernels" / "bash"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kernel.json").write_text(
        json.dumps(bash | {"display_name": "Bash", "language": "bash"})
    )
    command = "grep -i rose poems/* 2>/dev/null | wc -l"
    path = beside_demo(
        server,
        code("echo $((6 * 7))"),
        code(command, "inginious:demo/pipeline/command"),
        kernelspec={"name": "bash", "display_name": "Bash", "language": "bash"},
    )
    open_lab(f"lab/tree/{path}?reset", ".jp-CodeCell")
    NotebookPage(server, page, path).wait_for_kernel()
    page.locator(".jp-CodeCell").first.locator(".jp-InputArea").click()
    page.keyboard.press("Shift+Enter")
    expect(page.locator(".jp-OutputArea").first).to_contain_text("42", timeout=START_LIMIT_MS)
    cell = page.locator(".jp-CodeCell.inginious-answer")
    with one_more_graded(server, "pipeline"):
        cell.locator(".inginious-answer-line").get_by_role("button", name="Submit").click()
    expect(cell.locator(".inginious-answer-line")).to_contain_text(re.compile("Success|Failed"))


def test_an_answer_begins_with_the_statement(server, open_lab, page):
    without_kernel(server, open_lab, markdown("My answers"))
    # What is missing is said, with what helps.
    run_command(page, "Submit all")
    told = page.locator(".jp-toastContainer").get_by_role("alert")
    expect(told).to_contain_text("No cell here is an answer yet")
    told.get_by_role("button", name="Open a task").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox").select_option("Rabbits, sunflowers, Fibonacci (demo/fib)")
    dialog.get_by_role("button", name="Ok").click()
    statement = page.locator(".inginious-task-document")
    statement.get_by_role("button", name="Insert answer cell").click()
    cell = page.locator(".jp-CodeCell.inginious-answer")
    expect(cell.locator(".inginious-answer-line")).to_contain_text("Not submitted yet")
    expect(statement).to_contain_text("Answered by")
    expect(cell.get_by_role("textbox")).to_be_focused()
    cell.click(button="right")
    page.get_by_role("menuitem", name="Use as answer for").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("combobox")).to_have_value(re.compile("Rabbits.*The function fib"))
    dialog.get_by_role("button", name="Cancel").click()
    # Choices and files are answered in the statement itself.
    page.get_by_role("tab", name="INGInious").click()
    task(page, "Read before you run").click()
    # As a tab where the first one is, not as another column.
    expect(statement.filter(has_text="Rabbits")).to_be_hidden()
    choices = page.locator(".inginious-task-document").filter(has_text="Choose one")
    choices.get_by_role("radio").first.check()
    choices.get_by_role("checkbox").first.check()
    with one_more_graded(server, "quiz"):
        choices.get_by_role("button", name="Submit").click()
    expect(choices.locator(".inginious-line")).to_contain_text(re.compile(r"\d+ %"))
    task(page, "A week of weather").click()
    week = page.locator(".inginious-task-document").filter(has_text="The file")
    file = {"name": "week.csv", "mimeType": "text/csv", "buffer": b"day,celsius\n"}
    week.locator("input[type=file]").set_input_files(file)
    week.get_by_role("button", name="Remove: week.csv").click()
    expect(week.get_by_role("button", name="Choose a file")).to_be_focused()
    expect(week).to_contain_text("Still missing: The file")
    week.locator("input[type=file]").set_input_files(file)
    with one_more_graded(server, "temperatures"):
        week.get_by_role("button", name="Submit").click()
    expect(week.locator(".inginious-line")).to_contain_text(re.compile(r"\d+ %"))


def test_a_cell_is_made_an_answer(server, open_lab, page):
    without_kernel(server, open_lab, code("7"), code("-1"))
    # In its editor: another cell is the active one still.
    page.locator(".jp-CodeCell").last.click(button="right")
    page.get_by_role("menuitem", name="Use as answer for").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox").select_option("Sharing apples: A remainder with a surprise")
    dialog.get_by_role("button", name="Ok").click()
    answer = page.locator(".jp-CodeCell").last.locator(".inginious-answer-line")
    expect(answer).to_contain_text("A remainder with a surprise")
    expect(page.locator(".jp-CodeCell").last).to_be_focused()


def test_a_result_stays_with_the_notebook(server, open_lab, page):
    answer = markdown("It asks twice for each number.", "inginious:demo/essay/explanation")
    saved = {
        "submission": "of-somebody-else",
        "code": "failed",
        "grade": 50,
        "user": "Grace",
        "at": time.time(),  # later than what other tests of this server submitted
    }
    answer["metadata"]["inginious"] = saved
    # Nobody here has that course.
    unknown = code("3", "inginious:another/task/problem")
    unknown["metadata"]["inginious"] = {**saved, "task": "another/task", "user": "Linus"}
    without_kernel(server, open_lab, answer, unknown)
    lines = page.locator(".inginious-answer-line")
    expect(lines.last).to_contain_text("saved by Linus on")
    line = lines.first
    expect(line).to_contain_text(re.compile(r"Failed\s+50 % · saved by Grace on .*20"))
    expect(line).not_to_contain_text("Not submitted yet")
    # Who submits is told of their own.
    with one_more_graded(server, "essay"):
        line.get_by_role("button", name="Submit").click()
    expect(line).not_to_contain_text("Grace")


def test_a_result_that_comes_while_the_notebook_is_closed_is_kept(server, open_lab, page):
    answer = code("1", "inginious:demo/patience/seconds")
    path = beside_demo(server, markdown("\n\n".join("It is long.")), answer, kernelspec=None)
    name = path.split("/")[-1]
    no_kernel = page.get_by_role("dialog").get_by_role("button", name="No Kernel")
    open_lab(f"lab/tree/{path}?reset", ".jp-Dialog")
    no_kernel.click()
    answer_line = page.locator(".inginious-answer-line")
    told = page.locator(".jp-toastContainer").get_by_role("alert")
    to_cell = told.get_by_role("button", name="Go to cell")

    def save():
        with page.expect_response(lambda sent: sent.request.method == "PUT" and name in sent.url):
            page.keyboard.press("Control+s")

    def submit_and_close():
        with held_jobs(copy_demo(server), "patience"):
            answer_line.get_by_role("button", name=re.compile("^Submit")).click()
            expect(answer_line).to_contain_text("Running")
            page.locator(".lm-DockPanel-tabBar .lm-mod-current .lm-TabBar-tabCloseIcon").click()
            expect(answer_line).to_have_count(0)
        expect(told).to_contain_text("Patience: Success")

    expect(answer_line.get_by_role("button", name=re.compile("^Submit"))).to_be_visible()
    save()  # else JupyterLab asks
    submit_and_close()
    # As in another browser, which knows nothing but the notebook: the history has it.
    page.evaluate("sessionStorage.clear(); localStorage.clear()")
    to_cell.click()
    no_kernel.click()
    expect(page.locator(".jp-CodeCell.jp-mod-active")).to_be_visible()
    expect(answer_line).to_contain_text("Success")
    save()
    saved = json.loads((server.folder / path).read_text())["cells"][1]["metadata"]["inginious"]
    assert (saved["code"], saved["task"], saved["user"]) == ("success", "demo/patience", "ada")
    submit_and_close()
    (server.folder / path).unlink()
    to_cell.click()
    # The one that was clicked may still be on its way out.
    expect(told.filter(has_text=f"{name} is not there any more")).to_be_visible()


def test_a_server_of_another_build_is_told_once(open_lab, page):
    sockets = []

    def serve(socket):
        sockets.append(socket)
        kind = "embedded" if len(sockets) == 1 else "zeromq"

        def pass_on(frame):
            frame = re.sub(r'("version": "[^"+]+)\+\w+', r"\1+00000000", frame)
            socket.send(frame.replace('"kind": "embedded"', f'"kind": "{kind}"'))

        socket.connect_to_server().on_message(pass_on)

    page.route_web_socket(re.compile("inginious/socket"), serve)
    open_lab()
    told = page.locator(".jp-toastContainer").get_by_role("alert")
    numbers = rf"{re.escape(__version__)}\+\w+, the server has {re.escape(__version__)}\+00000000"
    expect(told).to_contain_text(re.compile(f"This page has inginious_nb {numbers}"))
    expect(told).to_contain_text("reload the page")
    # Not again by the next connection.
    sockets[0].close()
    expect(page.get_by_role("button", name="INGInious elsewhere")).to_be_visible()
    expect(told).to_have_count(1)


def test_the_queue_is_live(server, open_lab, page):
    without_kernel(server, open_lab, code("60", "inginious:demo/patience/seconds"))
    with held_jobs(copy_demo(server), "patience"):
        page.locator(".inginious-answer-line").get_by_role("button", name="Submit").click()
        page.get_by_role("button", name="INGInious on this server: 1 running").click()
        queue = page.locator(".inginious-queue")
        expect(queue).to_contain_text(re.compile(r"Patience Submission \d+ Running since \d+:"))
        queue.get_by_role("button", name="Stop: Patience").click()
    expect(queue).to_contain_text("Nothing of yours is waiting")
    # The button that had the focus is gone; it is in the panel still.
    expect(queue.locator("..")).to_be_focused()
    expect(page.get_by_role("button", name="INGInious on this server: ready")).to_be_visible()
    expect(page.locator(".inginious-answer-line")).to_contain_text("Stopped")


def test_notebook_7_has_the_same(server, open_lab):
    copy_demo(server)
    page = open_lab("notebooks/inginious-demo/quickstart.ipynb", ".jp-Notebook")
    cell = page.locator(".jp-CodeCell.inginious-answer").filter(has_text="poem.txt")
    answer = cell.locator(".inginious-answer-line")
    cell.locator(".jp-InputArea").click()
    with one_more_graded(server, "pipeline"):
        cell.locator(".jp-cell-toolbar").get_by_role("button", name="Submit").click()
    expect(answer).to_contain_text(re.compile(r"\d+ %.*Submit again"))

    # The last of them: a job that is still under way would be one of the next test's.
    with one_more_graded(server, "essay"):
        run_command(page, "Submit all")
    expect(page.locator(".inginious-tally-count")).to_contain_text(
        re.compile(r"This notebook: [1-6] of 6 passed")
    )
    run_command(page, "Show the queue")
    # A panel below the notebook has no height there by itself.
    expect(page.locator(".inginious-queue").locator("p").last).to_be_in_viewport()
    run_command(page, "Show the courses")
    expect(task(page, "Sharing apples")).to_be_visible()
    # On a narrow page it takes the place of the courses, else it would be out of the page.
    page.set_viewport_size({"width": 320, "height": 700})
    task(page, "Sharing apples").click()
    expect(page.get_by_text("Seventeen apples, five children")).to_be_in_viewport(ratio=1)
    page.set_viewport_size({"width": 1280, "height": 720})
    page.reload()
    expect(answer).to_contain_text(re.compile(r"\d+ %.*Submit again"), timeout=START_LIMIT_MS)


def test_what_a_command_submitted_has_one_card(server, open_lab, page):
    path = beside_demo(
        server, code("3", "inginious:demo/division/quotient"), code(COMMAND), code("import time")
    )
    open_lab(f"lab/tree/{path}?reset", ".jp-CodeCell")
    NotebookPage(server, page, path).wait_for_kernel()
    # What has no cell is missed where the button was pressed.
    answer = page.locator(".inginious-answer-line")
    # Another test of this server may have submitted the task.
    answer.get_by_role("button", name=re.compile("^Submit")).click()
    expect(answer.get_by_role("alert")).to_contain_text("A remainder with a surprise")
    page.locator(".jp-CodeCell").nth(1).locator(".jp-InputArea").click()
    with one_more_graded(server, "division"):
        page.keyboard.press("Control+Enter")
    output = page.locator(".jp-OutputArea .inginious-live")
    expect(output).to_contain_text("50 %", timeout=START_LIMIT_MS)
    expect(answer).to_contain_text("50 %")
    expect(answer.get_by_role("button", name="Details:")).to_have_count(0)
    page.locator(".jp-CodeCell").nth(2).locator(".jp-InputArea").click()
    answer.get_by_role("button", name="Details in the output: Apples for each child").click()
    expect(page.locator(".jp-CodeCell").nth(1)).to_have_class(re.compile("jp-mod-active"))


def test_a_class_is_graded_shown_and_graded_again_once_its_task_is_mended(
    server, open_lab, session
):
    copy_demo(server)
    demo = server.folder / "inginious-demo"
    demo_class.write_class(demo / "handed-in", THIRTY)
    run = demo / "courses" / "demo" / "fib" / "run"
    # Three of its five tests, and less time for those that never end: sixty answers are graded.
    fewer = run.read_text().replace("\n\ndef call(", "\nTESTS = TESTS[2:]\n\ndef call(", 1)
    run.write_text(fewer.replace("time_limit=2", "time_limit=1"))
    limits = run.with_name("task.yaml")
    # A job that is held is not out of time.
    limits.write_text(limits.read_text().replace("hard_time: 40", "hard_time: 400"))
    name = write_notebook(server, [code("%load_ext inginious_nb\n%inginious edit demo/fib/run")])
    (server.folder / name).rename(demo / name)
    page = open_lab(f"lab/tree/inginious-demo/{name}?reset", ".jp-Notebook")
    notebook = NotebookPage(server, page, f"inginious-demo/{name}")
    notebook.wait_for_kernel()
    shown = page.get_by_role("region", name="Class handed-in")
    with held_jobs(copy_demo(server), "fib"):
        notebook.run_to_end(1)
        open_class(page, "handed-in")
        expect(shown).to_contain_text(re.compile(r"of 60 done .* waiting"), timeout=START_LIMIT_MS)
        # One of the two tasks will do.
        shown.get_by_text("Tasks and names").click()
        shown.get_by_label("Tasks, as COURSE/TASK").fill("demo/fib")
        shown.get_by_role("button", name="Read the folder again").click()
    expect(shown).to_contain_text("30 of 30 done", timeout=CLASS_LIMIT_MS)
    worst = shown.locator(".inginious-bar").first
    expect(worst).to_contain_text("Says no to nonsense")
    expect(worst).to_contain_text("19 of 25 failed")
    worst.click()
    expect(shown.locator(".inginious-side")).to_have_count(3)
    expect(shown).to_contain_text(re.compile("15 . Failed · Says no to nonsense"))
    shown.get_by_label("Projector").check()
    expect(page.locator(".inginious-projector")).to_have_css("font-size", "22px")
    assert [who for who in THIRTY if re.search(rf"\b{who}\b", shown.inner_text())] == []
    shown.get_by_label("Projector").uncheck()
    page.get_by_role("tab", name=name).click()
    mended = run.read_text().replace("outcome == expected", "argument < 0 or outcome == expected")
    notebook.write(2, f"%%inginious edit demo/fib/run\n{mended}")
    notebook.run_to_end(2)
    page.get_by_role("tab", name="handed-in").click()
    with held_jobs(copy_demo(server), "fib"):
        shown.get_by_role("button", name="Regrade all").click()
        shown.locator(".inginious-ask").get_by_role("button", name="Regrade").click()
        # It goes on without the page, which is there again with the class and knows its task.
        expect(shown).to_contain_text(re.compile(r"of 30 done .* waiting"))
        page.reload()
    # JupyterLab may have kept which tab was in front a moment before this one was.
    page.get_by_role("tab", name="handed-in").click(timeout=START_LIMIT_MS)
    expect(shown).to_contain_text("30 of 30 done", timeout=CLASS_LIMIT_MS)
    expect(shown.locator(".inginious-bar").last).to_contain_text("0 of 25 failed")
    session.add_courses(demo / "courses")
    assert exported(page, shown) == graded_alone(session)


def exported(page, shown):
    """What the exported file says of each student's answer to the task fib."""
    with page.expect_download() as saved:
        shown.get_by_role("button", name="Export CSV").click()
    with saved.value.path().open(encoding="utf-8-sig") as file:
        rows = [row for row in csv.DictReader(file) if row["task"] == "demo/fib"]
    values = ("state", "result", "grade", "passed", "failed")
    return {row["student"]: tuple(row[value] for value in values) for row in rows}


def graded_alone(session):
    """The same of each student, by a submission of each kind of answer alone."""
    task = session.task("demo/fib")
    submitted = {
        kind: session.submit(task, {"fib": demo_class.ANSWERS[kind]}, origin="api")
        for kind in set(THIRTY.values()) & demo_class.ANSWERS.keys()
    }
    told = {demo_class.EMPTY: ("missing", "", "", "0", "0")}
    for kind, submission in submitted.items():
        result = submission.wait(60)
        tests = [value for value in result.tests.values() if isinstance(value, bool)]
        counts = str(tests.count(True)), str(tests.count(False))
        told[kind] = ("graded", result.result[0], f"{result.grade:g}", *counts)
    refused = ("refused", "", "", "0", "0")
    return {student: told.get(kind, refused) for student, kind in THIRTY.items()}


@pytest.mark.parametrize("width", [320, 600])  # 600 of 1200 are 200 %
def test_a_narrow_page_by_keyboard_alone(server, page, width):
    answer = code("sort poems/* | uniq", "inginious:demo/pipeline/command")
    path = beside_demo(server, answer, kernelspec=None)
    page.set_viewport_size({"width": width, "height": 700})
    page.goto(f"{server.url}/doc/tree/{path}?reset&token={TOKEN}")
    page.get_by_role("dialog").get_by_role("button", name="No Kernel").click(timeout=START_LIMIT_MS)
    line = page.locator(".inginious-answer-line")
    submit = line.get_by_role("button", name="Submit")
    expect(submit).to_be_visible(timeout=START_LIMIT_MS)
    with one_more_graded(server, "pipeline"):
        submit.focus()
        page.keyboard.press("Enter")
    # Once what was submitted has settled.
    expect(line).to_contain_text(re.compile(r"\d+\s%"))
    expect(line.get_by_role("button", name="Submit again")).to_be_visible()
    details = line.get_by_role("button", name="Details")
    details.focus()
    page.keyboard.press("Space")
    expect(details.or_(line.get_by_role("button", name="Hide details"))).to_be_focused()
    # Nothing reaches out of the page.
    assert line.evaluate(
        """line => [...line.querySelectorAll("button")].every((button) => {
            const { left, right } = button.getBoundingClientRect();
            return left >= 0 && right <= window.innerWidth;
        })"""
    )
