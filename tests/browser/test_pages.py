"""Several pages on one kernel: each command is answered by the page that ran it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from .notebook import NotebookPage, code, load, write_notebook

SUBMIT = code("%inginious submit demo/division --wait")
REMAINDER = code("2", "inginious:remainder")


def cells(quotient):
    return [load(), SUBMIT, code(quotient, "inginious:quotient"), REMAINDER]


@pytest.fixture
def second_tab(page):
    """Another tab of the same browser."""
    tab = page.context.new_page()
    yield tab
    tab.close()


@pytest.mark.parametrize("another", ["the same notebook", "another notebook"])
def test_the_page_that_ran_a_command_answers_it(open_notebook, second_tab, lab, another):
    mine = open_notebook(*cells("0"))
    name = mine.name
    if another == "another notebook":
        name = write_notebook(lab, cells("1"))
        lab.share_kernel(mine.name, name)
    theirs = NotebookPage(lab, second_tab, name)
    theirs.open()
    mine.run_to_end(1)
    mine.write(3, "3")  # in this page only, and not saved
    for _ in range(2):
        mine.run_to_end(2)
        expect(mine.result(2)).to_contain_text("100 %")
        theirs.run_to_end(2)
        expect(theirs.result(2)).to_contain_text("50 %")
