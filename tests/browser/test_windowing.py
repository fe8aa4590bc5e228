"""A notebook of which only the cells in view are in the page (JupyterLab's windowing mode full)."""

from __future__ import annotations

from playwright.sync_api import expect

from .notebook import code, load, markdown


def test_the_link_leads_to_a_cell_that_is_out_of_view(windowed, open_notebook, page):
    cells = [
        load(),
        code("%inginious open demo/division"),
        *(markdown(f"Paragraph {number}\n\nand so on") for number in range(100)),
        code("3", "inginious:quotient"),
        *(code(f"{number}") for number in range(100)),
        markdown("# Folded") | {"metadata": {"heading_collapsed": True}},
        code("2", "inginious:remainder"),
    ]
    notebook = open_notebook(*cells, server=windowed, in_page=page)
    notebook.run_to_end(1)
    notebook.run_to_end(2)
    for answer in ("3", "2"):
        link = notebook.widget(2).get_by_role("button", name=f"cell [ ]: {answer}")
        expect(link).to_be_visible()
        assert page.locator(".jp-Cell").count() < len(cells)
        link.click()
        active = page.locator(".jp-Cell.jp-mod-active")
        expect(active.locator(".cm-content")).to_have_text(answer)
        expect(active).to_be_in_viewport()
        # Whoever came there by the keyboard may write at once.
        expect(active.locator(".cm-content")).to_be_focused()
        page.keyboard.press("Escape")
        page.evaluate("document.querySelector('.jp-WindowedPanel-outer').scrollTop = 0")
        expect(notebook.widget(2)).to_be_in_viewport()
