// Going to a cell of JupyterLab's notebook: also to one below a heading that is folded.
import type { NotebookPanel } from "@jupyterlab/notebook";
import { expect, test } from "vitest";
import { LabNotebook } from "../lab/lab_notebook.ts";

const FOLDED = { model: { id: "heading", type: "markdown" }, headingCollapsed: true };
const HIDDEN = { model: { id: "answer", type: "code" }, isHidden: true };

test("a cell below a folded heading is shown, whoever else scrolls", async () => {
  const heading = { ...FOLDED };
  const content = {
    widgets: [{ ...FOLDED, headingCollapsed: false }, heading, HIDDEN],
    activeCellIndex: 0,
    mode: "edit",
    scrollToItem: () => Promise.reject(new Error("another click was faster")),
  };
  const shown: string[] = [];
  const shell = { activateById: (id: string) => shown.push(id) };
  const panel = { content, context: {}, id: "panel", isDisposed: false };
  const notebook = new LabNotebook(panel as unknown as NotebookPanel, shell as never);
  expect(await notebook.reveal("answer")).toBe(true);
  expect(heading.headingCollapsed).toBe(false);
  expect(content.activeCellIndex).toBe(2);
  expect(content.mode).toBe("command"); // what was chosen in a menu is no text to be typed
  expect(shown).toEqual(["panel"]);
  expect(await notebook.reveal("gone")).toBe(false);
});
