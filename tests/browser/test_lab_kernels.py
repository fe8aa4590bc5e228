"""Whatever becomes of the kernel or the page, answers are submitted and results arrive."""

from __future__ import annotations

import contextlib
import os
import re
import signal

import psutil
from playwright.sync_api import expect

from .held_jobs import held_jobs
from .lab_page import START_LIMIT_MS, beside_demo, copy_demo, one_more_graded, submitted
from .notebook import NotebookPage, code

ANSWER, BUSY, COMMAND = 1, 2, 3
# What was saved with the cell stands there before the server has told.
GRADED = re.compile(r"Success\s+100 %.*Submit again")


def cells(seconds):
    """An answer that takes as long as it says, a cell that keeps the kernel busy, and a command."""
    return [
        code(str(seconds), "inginious:demo/patience/seconds"),
        code("%load_ext inginious_nb\nimport time; time.sleep(600)"),
        code("%inginious submit demo/patience --wait"),
    ]


def opened(server, open_lab, page, seconds):
    """A notebook with these cells whose kernel is idle, and the line beneath its answer."""
    path = beside_demo(server, *cells(seconds))
    open_lab(f"lab/tree/{path}?reset", ".jp-CodeCell")
    notebook = NotebookPage(server, page, path)
    notebook.wait_for_kernel()
    line = page.locator(".inginious-answer-line")
    expect(line).to_be_visible()
    return notebook, line


def submit(notebook):
    """Press Submit in the toolbar of the answer's cell."""
    cell = notebook.cell(ANSWER)
    cell.locator(".jp-InputArea .cm-content").click()
    cell.locator(".jp-cell-toolbar").get_by_role("button", name="Submit").click()


def processes(server, module):
    """The processes below a server that run a module, without those that such a one started."""
    found = {}
    for child in psutil.Process(server.process.pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it has just ended
            if module in " ".join(child.cmdline()):
                found[child.pid] = child.ppid()
    return [pid for pid, parent in found.items() if parent not in found]


def test_a_busy_dead_or_restarted_kernel_hinders_nothing(server, open_lab, page):
    notebook, line = opened(server, open_lab, page, 0)
    notebook.run(BUSY)
    with one_more_graded(server, "patience"):
        submit(notebook)
    expect(line).to_contain_text("100 %")
    notebook.restart_kernel()
    expect(line).to_contain_text("100 %")
    notebook.write(ANSWER, "never")
    expect(line).to_contain_text("Changed since")
    with one_more_graded(server, "patience"):
        submit(notebook)
    expect(line).to_contain_text(re.compile(r"Failed\s+0 %"))
    (pid,) = processes(server, "ipykernel_launcher")
    os.kill(pid, signal.SIGKILL)
    page.get_by_role("dialog").get_by_role("button", name="Ok").click()
    notebook.write(ANSWER, "0")
    submit(notebook)
    expect(line).to_contain_text("100 %")
    server.end_kernels()
    # The toolbar tells it, the status bar, or one after the other.
    told = page.get_by_role("button", name=re.compile("No Kernel|Unknown|Dead|Disconnected"))
    expect(told.first).to_be_visible()
    notebook.write(ANSWER, "1")
    with held_jobs(copy_demo(server), "patience"):
        submit(notebook)
        # The page is reloaded while it waits: the result comes all the same, and stays with the
        # cell.
        expect(line).to_contain_text("Running")
        notebook.save()
        page.reload()
    expect(line).to_contain_text(GRADED, timeout=START_LIMIT_MS)
    number = submitted(server).count("patience")
    notebook.wait_for_summary(ANSWER, of=number)
    notebook.save()
    kept = notebook.saved()["cells"][0]["metadata"]["inginious"]
    assert (kept["task"], kept["grade"], kept["number"]) == ("demo/patience", 100, number)


def test_a_kernel_uses_the_service_of_the_server_also_through_a_reload(server, open_lab, page):
    notebook, line = opened(server, open_lab, page, 0)
    notebook.write(BUSY, "%load_ext inginious_nb")
    notebook.run_to_end(BUSY)
    output = notebook.output(COMMAND).locator(".inginious-live")
    with held_jobs(copy_demo(server), "patience"):
        notebook.run(COMMAND)
        expect(output).to_contain_text("Running", timeout=START_LIMIT_MS)
        # The line of the cell knows that a kernel waits for it.
        expect(line).to_contain_text(re.compile(r"Under way\s+Submission \d+ · in a kernel"))
        expect(page.locator("#jp-main-statusbar")).to_contain_text("1 running")
        notebook.save()
        page.reload()
    expect(line).to_contain_text(GRADED, timeout=START_LIMIT_MS)
    expect(output).to_contain_text("100 %")
    assert len(processes(server, "inginious_nb.grader")) == 1
    # Both write the same history; the cell that was answered has it, whoever submitted.
    notebook.wait_for_summary(ANSWER, of=submitted(server).count("patience"))
    notebook.save()
    assert notebook.saved()["cells"][0]["metadata"]["inginious"]["grade"] == 100
