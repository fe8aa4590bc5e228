"""Several pages on one kernel: each command is answered by the page that ran it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from .notebook import NotebookPage, code, load, write_notebook

COMMAND = "%inginious submit demo/division --wait"


def cells(quotient):
    answers = code(quotient, "inginious:quotient"), code("2", "inginious:remainder")
    return [load(), code(COMMAND), *answers]


@pytest.fixture
def tabs(page):
    """Two more tabs of the same browser."""
    more = [page.context.new_page() for _ in range(2)]
    yield more
    for tab in more:
        tab.close()


def test_the_page_that_ran_a_command_answers_it(open_notebook, page, tabs, lab):
    mine = open_notebook(*cells("0"), in_page=page)
    another = write_notebook(lab, cells("1"))
    lab.share_kernel(mine.name, another)
    others = [
        NotebookPage(lab, tab, name) for tab, name in zip(tabs, (mine.name, another), strict=True)
    ]
    for other in others:
        other.open()
    mine.run_to_end(1)
    mine.write(3, "3")  # in this page only, and not saved
    for _ in range(2):
        for asked, grade in (
            (mine, "100 %"),
            (others[0], "50 %"),
            (mine, "100 %"),
            (others[1], "50 %"),
        ):
            asked.run_to_end(2)
            expect(asked.result(2)).to_contain_text(grade)
    # The page that restarts a kernel knows it; the others have to notice.
    others[0].restart_kernel()
    expect(mine.widget(2)).to_contain_text("the kernel was restarted")
    others[0].run_to_end(1)
    mine.run_to_end(2)
    expect(mine.result(2)).to_contain_text("100 %")
