import { beforeEach, expect, test, vi } from "vitest";
import { findNotebook } from "../notebook/find.ts";
import { rememberSession, whoIsAsked } from "../notebook/pages.ts";
import { Controller } from "../state/controller.ts";
import { syncedState } from "../state/synced.ts";
import { modelTransport } from "../transport/messages.ts";
import { cell, FakeModel, fakeContext, submission } from "./fakes.ts";

const request = { id: "s", kind: "submit" as const, client: "one", cell_id: "a" };

beforeEach(() => {
  const kept = new Map<string, string>();
  vi.stubGlobal("sessionStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
  });
});

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
  expect(whoIsAsked(request, "two", notebookOf("a.ipynb"))).toBe("first");
  expect(whoIsAsked(request, "three", notebookOf("b.ipynb"))).toBe("never");
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
