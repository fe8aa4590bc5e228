import { beforeEach, expect, test, vi } from "vitest";
import { findNotebook, findNotebookAround, isInConsole } from "../notebook/find.ts";
import { rememberSession, whoIsAsked } from "../notebook/pages.ts";
import { Controller } from "../state/controller.ts";
import { syncedState } from "../state/synced.ts";
import { modelTransport } from "../transport/messages.ts";
import { cell, FakeModel, fakeContext, submission, until } from "./fakes.ts";

const request = { id: "s", kind: "submit" as const, client: "one", cell_id: "a" };

let kept: Map<string, string>;

beforeEach(() => {
  kept = new Map();
  vi.stubGlobal("sessionStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  });
  newPage();
});

/** Nothing of a page is left in the next one but what the tab has. */
function newPage() {
  Reflect.deleteProperty(globalThis, Symbol.for("inginious-nb:sessions"));
}

function notebookOf(path: string, collaborative = false) {
  const model = new FakeModel();
  const context = fakeContext(cell("a", "1"));
  model.widget_manager.context = { path, model: { ...context.model, collaborative } };
  return findNotebook(model);
}

test.each<[string, string | undefined, ReturnType<typeof notebookOf>, string]>([
  ["the page that ran the cell", "one", notebookOf("a.ipynb"), "first"],
  ["another tab with the same notebook", "two", notebookOf("a.ipynb"), "never"],
  ["another notebook on the kernel", "two", notebookOf("b.ipynb"), "never"],
  ["a page that edits the same document", "two", notebookOf("a.ipynb", true), "later"],
  ["a page without cells", "two", null, "never"],
  ["a host that tells no session", undefined, notebookOf("a.ipynb"), "first"],
])("%s answers as it should", (_name, session, notebook, asked) => {
  expect(whoIsAsked(request, session, notebook)).toBe(asked);
});

test("a page that was reloaded answers for what it ran before, and for no other notebook", () => {
  rememberSession("one", notebookOf("a.ipynb"));
  dispatchEvent(new Event("pagehide"));
  newPage();
  expect(whoIsAsked(request, "two", notebookOf("a.ipynb"))).toBe("first");
  expect(whoIsAsked(request, "three", notebookOf("b.ipynb"))).toBe("never");
});

test("a tab that was duplicated does not answer for the one that it is a copy of", () => {
  rememberSession("zero", notebookOf("a.ipynb"));
  dispatchEvent(new Event("pagehide"));
  newPage();
  rememberSession("one", notebookOf("a.ipynb"));
  newPage(); // of another tab, with a copy of what this one has
  for (const client of ["zero", "one"])
    expect(whoIsAsked({ ...request, client }, "two", notebookOf("a.ipynb"))).toBe("never");
});

test.each([
  ["somebody else's data", { getItem: () => "no JSON", setItem: () => {} }],
  ["no storage", undefined],
])("%s keeps nobody from answering", (_name, storage) => {
  vi.stubGlobal("sessionStorage", storage);
  expect(whoIsAsked(request, "one", notebookOf("a.ipynb"))).toBe("first");
});

test.each([
  ["is silent", true, 1],
  ["has answered", false, 0],
])("a page that may answer later does so if the other one %s", async (_name, silent, answers) => {
  vi.useFakeTimers();
  const model = new FakeModel({ request, submission: submission({ phase: "reading" }) });
  const { signal } = new AbortController();
  new Controller({
    synced: syncedState(model, signal),
    transport: Promise.resolve(modelTransport(model, signal)),
    notebook: null,
    isAsked: () => "later",
    lang: "en",
    signal,
  }).start();
  const submits = () => model.sent.filter(({ content }) => content.kind === "submit");
  await vi.advanceTimersByTimeAsync(900);
  expect(submits()).toHaveLength(0);
  if (!silent) model.change({ request: null, submission: submission() });
  await vi.advanceTimersByTimeAsync(200);
  expect(submits()).toHaveLength(answers);
  vi.useRealTimers();
});

test("of two notebooks on a kernel in one page, the one around the view answers", async () => {
  const first = { path: "a.ipynb", ...fakeContext(cell("a", "1", "inginious:p")) };
  const kernel = { id: "k", clientId: "one" };
  const second = {
    path: "b.ipynb",
    ...fakeContext(cell("a", "2", "inginious:p")),
    sessionContext: { session: { kernel } },
  };
  const node = document.createElement("div");
  const el = node.appendChild(document.createElement("div"));
  const panel = { node, parent: null, context: second };
  const view = { node, parent: panel, widgets: [], scrollToItem: async () => {} };
  const model = new FakeModel({ request, submission: submission({ phase: "reading" }) });
  Object.assign(model.widget_manager, {
    context: first,
    has_model: (id: string) => id === "m",
    get_model: async () => ({ views: { v: Promise.resolve({ luminoWidget: view }) } }),
  });
  const { signal } = new AbortController();
  const controller = new Controller({
    synced: syncedState(model, signal),
    transport: Promise.resolve(modelTransport(model, signal)),
    notebook: findNotebook(model),
    isAsked: (asked, around) => whoIsAsked(asked, around?.session ?? "another", around),
    lang: "en",
    signal,
  });
  controller.start();
  await Promise.resolve();
  const sent = () => model.sent.filter(({ content }) => content.kind === "submit");
  expect(sent()).toEqual([]);
  const around = await findNotebookAround(model, "m", el);
  if (around) controller.enterNotebook(around);
  await until(() => expect(sent()).toHaveLength(1));
  expect(sent()[0]?.content).toMatchObject({ cells: [{ source: "2" }], notebook: "b.ipynb" });
});

test("a command in a console beside a notebook has that notebook's cells sent by its page", async () => {
  const context = { path: "a.ipynb", ...fakeContext(cell("a", "1", "inginious:p")) };
  const model = new FakeModel({ request, submission: submission({ phase: "reading" }) });
  Object.assign(model.widget_manager, { context, has_model: () => false });
  const { signal } = new AbortController();
  const controller = new Controller({
    synced: syncedState(model, signal),
    transport: Promise.resolve(modelTransport(model, signal)),
    notebook: findNotebook(model),
    isAsked: (asked, around) => whoIsAsked(asked, "the notebook's own", around),
    lang: "en",
    signal,
  });
  const shown = (...classes: string[]) =>
    classes.reduce((around, name) => {
      const inner = around.appendChild(document.createElement("div"));
      inner.className = name;
      return inner;
    }, document.createElement("div"));
  expect(isInConsole(shown("jp-Notebook", ""))).toBe(false);
  expect(isInConsole(shown("jp-CodeConsole", "jp-CodeConsole-foreignCell", ""))).toBe(false);
  controller.start();
  await Promise.resolve();
  const sent = () => model.sent.filter(({ content }) => content.kind === "submit");
  expect(sent()).toEqual([]);
  if (isInConsole(shown("jp-CodeConsole", ""))) controller.enterConsole();
  await vi.waitFor(() => expect(sent()).toHaveLength(1));
  expect(sent()[0]?.content).toMatchObject({ cells: [{ source: "1" }], notebook: "a.ipynb" });
});
