import { afterEach, expect, test } from "vitest";
import { firstLine, isTagOf, tagReference } from "../notebook/answer_tags.ts";
import type { NotebookContext } from "../notebook/context.ts";
import { findNotebook, OFFER } from "../notebook/find.ts";
import { Notebook } from "../notebook/notebook.ts";
import { cell, FakeModel, fakeContext, problem, task } from "./fakes.ts";

const global = globalThis as Record<symbol, unknown>;

afterEach(() => {
  delete global[OFFER];
});

test("the host's context is read live", () => {
  const model = new FakeModel();
  const context = fakeContext(cell("a", "1", "inginious:p"));
  model.widget_manager.context = context;
  const notebook = findNotebook(model);
  expect(notebook?.cells()).toEqual([cell("a", "1", "inginious:p")]);
  context.model?.cells?.get(0).sharedModel.setSource("2");
  expect(notebook?.cells()[0]?.source).toBe("2");
});

test("a plugin's offer is taken for the same kernel only", () => {
  const mine = { ...fakeContext(cell("a", "mine")), sessionContext: session("k1") };
  const other = { ...fakeContext(cell("b", "other")), sessionContext: session("k2") };
  global[OFFER] = { contexts: [other, mine] };
  const model = new FakeModel();
  expect(findNotebook(model)).toBeNull();
  model.widget_manager.kernel = { id: "k1" };
  expect(findNotebook(model)?.cells()[0]?.source).toBe("mine");
});

test.each([
  ["no manager", undefined],
  ["no model", {}],
  ["something else under that name", { model: { cells: { length: 1, get: () => ({}) } } }],
])("a host with %s has no readable notebook", (_name, context) => {
  const model = new FakeModel();
  model.widget_manager.context = context as never;
  expect(findNotebook(model)).toBeNull();
});

test("tying a problem to a cell moves the tag and leaves other tags alone", () => {
  const t = task(problem());
  const context = fakeContext(
    cell("a", "old", "keep", "inginious:p"),
    cell("b", "new", "inginious:other"),
  );
  const model = new FakeModel();
  model.widget_manager.context = context;
  const notebook = findNotebook(model);
  notebook?.tie(tagReference(t, "p"), "b", (tag) => isTagOf(tag, t, "p"));
  expect(notebook?.cells().map(({ metadata }) => metadata.tags)).toEqual([
    ["keep"],
    ["inginious:other", "inginious:course/task/p"],
  ]);
  notebook?.tie(tagReference(t, "p"), null, (tag) => isTagOf(tag, t, "p"));
  expect(notebook?.cells()[1]?.metadata.tags).toEqual(["inginious:other"]);
});

test("an answer put back keeps the magic line that says what the cell answers", () => {
  const context = fakeContext(
    cell("a", "# mine\n\n%%inginious answer p\nold"),
    cell("b", "old too"),
  );
  const model = new FakeModel();
  model.widget_manager.context = context;
  const notebook = findNotebook(model);
  notebook?.setAnswer(["a", "b"], "new\ntext");
  expect(notebook?.cells().map(({ source }) => source)).toEqual([
    "# mine\n\n%%inginious answer p\nnew\ntext",
    "",
  ]);
});

test("tags may be qualified by task and course", () => {
  const t = task(problem());
  const tags = ["inginious:p", "inginious:task/p", "inginious:course/task/p"];
  expect(tags.every((tag) => isTagOf(tag, t, "p"))).toBe(true);
  expect(isTagOf("inginious:other/p", t, "p")).toBe(false);
  expect(isTagOf("p", t, "p")).toBe(false);
});

test("a cell's label is its first line that says something", () => {
  expect(firstLine("\n  \n  def f():\n    pass")).toBe("def f():");
  expect(firstLine("x".repeat(100))).toHaveLength(60);
});

function session(id: string) {
  return { session: { kernel: { id } } };
}

test("an output that took the place of an old one while that was made anew stays", async () => {
  const html = (text: string) => ({ data: { "text/html": text } });
  const shown = [html("<section class=ours>")];
  const { model } = fakeContext(cell("a", ""));
  Object.assign(model?.cells?.get(0) ?? {}, {
    outputs: {
      length: 1,
      get: (index: number) => shown[index],
      set: () => expect.fail("It was overwritten."),
    },
  });
  const done = await new Notebook({ model } as NotebookContext).updateOutputs(
    "ours",
    () => false,
    async () => {
      shown[0] = html("<p>of the cell that was run again</p>");
      return { "text/html": "<section class=ours>new" };
    },
  );
  expect(done).toBe(false);
});
