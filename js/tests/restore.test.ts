import { afterEach, expect, test, vi } from "vitest";
import type { NotebookContext, OutputModel } from "../notebook/context.ts";
import { VIEW_TYPE } from "../notebook/saved_views.ts";
import restore from "../restore.ts";
import { FakeModel } from "./fakes.ts";

const subject = { widget: "k1", task: "c/t", role: "submission", problem_id: "", submission: "" };
const live = output({ [VIEW_TYPE]: { model_id: "m1" } }, { inginious: subject });
const snapshot = output({
  "text/html": '<section class="inginious-snapshot-k1 inginious-result-0a1b-2c">',
});
const others = output({ [VIEW_TYPE]: { model_id: "m2" } });

function output(data: Record<string, unknown>, metadata = {}): OutputModel {
  return { data, metadata, toJSON: () => ({ output_type: "display_data", data, metadata }) };
}

/** A notebook with one cell that has these outputs, in a page that knows some widgets. */
function page(outputs: OutputModel[], known: string[] = []) {
  const set = vi.fn();
  const get = (index: number) => outputs[index] as OutputModel;
  const sharedModel = { getSource: () => "", getMetadata: () => ({}) };
  const cell = {
    id: "c",
    type: "code",
    sharedModel,
    outputs: { length: outputs.length, get, set },
  };
  const context = { model: { cells: { length: 1, get: () => cell } } };
  const model = new FakeModel();
  model.widget_manager = {
    context: context as unknown as NotebookContext,
    has_model: (id) => known.includes(id),
  };
  return { model, set };
}

const ended = new AbortController();
const start = (model: FakeModel) => restore.initialize({ model, signal: ended.signal });
/** The kernel answers the newest request. */
const reply = (model: FakeModel, model_ids: string[]) => {
  const id = model.sent.at(-1)?.content.id;
  model.emit("msg:custom", { v: 1, kind: "restored", id, model_ids });
};
/** What the page asked of the kernel. */
const asked = (model: FakeModel) =>
  model.sent.map(({ content }) => content).filter(({ kind }) => kind !== "made");
const settled = () => new Promise((resolve) => setTimeout(resolve));

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  document.body.replaceChildren();
});

test("the kernel is told which of our widgets the page does not know, and what they showed", async () => {
  const { model } = page([live, snapshot, others]);
  start(model);
  await settled();
  const widgets = [{ model_id: "m1", subject: { ...subject, submission: "0a1b-2c" } }];
  const id = expect.any(String);
  expect(asked(model)).toEqual([{ v: 1, kind: "restore", id, widgets }]);
});

test("outputs that anybody may have written hold up no other and send nothing of theirs", async () => {
  const odd: unknown[] = [1, null, [], {}, { toString: 1 }, "x".repeat(1e6)];
  const oddViews = odd.flatMap((value) => [
    output({ [VIEW_TYPE]: { model_id: "m3" } }, { inginious: value }),
    ...Object.keys(subject).map((key) =>
      output({ [VIEW_TYPE]: { model_id: "m3" } }, { inginious: { widget: 1, [key]: value } }),
    ),
    output({ [VIEW_TYPE]: value, "text/html": value }, { inginious: subject }),
  ]);
  const more = { inginious: { ...subject, more: "x".repeat(1e6) } };
  const { model } = page([...oddViews, output({ [VIEW_TYPE]: { model_id: "m1" } }, more)]);
  start(model);
  await settled();
  expect(asked(model).map(({ widgets }) => widgets)).toEqual([[{ model_id: "m1", subject }]]);
});

test("a page that knows them all asks for nothing", async () => {
  const { model } = page([live, snapshot], ["m1"]);
  start(model);
  await settled();
  expect(asked(model)).toEqual([]);
});

test("a reloaded page first learns which widgets the kernel has", async () => {
  const known: string[] = [];
  const { model } = page([live], known);
  let restored = () => {};
  Object.assign(model.widget_manager, {
    restoredStatus: false,
    restored: { connect: (slot: () => void) => (restored = slot) },
  });
  start(model);
  await settled();
  expect(asked(model)).toEqual([]);
  known.push("m1");
  restored();
  await settled();
  expect(asked(model)).toEqual([]);
});

test("the outputs of woken widgets are shown again, once, and no others", async () => {
  const { model, set } = page([live, snapshot, others]);
  start(model);
  await settled();
  reply(model, ["m1", "m2"]);
  await settled();
  expect(set.mock.calls).toEqual([[0, live.toJSON?.()]]);
  reply(model, ["m1"]);
  await settled();
  expect(set).toHaveBeenCalledOnce();
});

test("what another page woke is shown where it was missing, and left alone where it is alive", async () => {
  const [missing, alive] = [page([live, snapshot]), page([live, snapshot], ["m1"])];
  for (const { model } of [missing, alive]) {
    start(model);
    await settled();
    model.emit("msg:custom", { v: 1, kind: "restored", id: "another page's", model_ids: ["m1"] });
  }
  expect(missing.set).toHaveBeenCalledOnce();
  expect(alive.set).not.toHaveBeenCalled();
});

test("a widget that another page woke before this one asked is shown, too", async () => {
  const { model, set } = page([live, snapshot], ["m1"]);
  Object.assign(model.widget_manager, { get_model: () => Promise.resolve({ views: {} }) });
  start(model);
  await settled();
  reply(model, ["m1"]);
  expect(set).toHaveBeenCalledOnce();
});

test("a page that never learns which widgets the kernel has asks for all that it lacks", async () => {
  vi.useFakeTimers();
  const { model } = page([live, snapshot]);
  Object.assign(model.widget_manager, { restoredStatus: false, restored: { connect: () => {} } });
  start(model);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked(model)).toHaveLength(1);
});

test("a widget that the kernel has and the page was not told of is fetched, then shown", async () => {
  const known: string[] = [];
  const { model, set } = page([live, snapshot], known);
  let fetched = () => {};
  const fetching = new Promise<void>((resolve) => (fetched = resolve));
  Object.assign(model.widget_manager, { restoreWidgets: () => fetching });
  start(model);
  await settled();
  reply(model, ["m1"]);
  await settled();
  expect(set).not.toHaveBeenCalled();
  fetched();
  await settled();
  expect(set).toHaveBeenCalledOnce();
});

test("an output is shown again if JupyterLab gave its widget up just before it came", async () => {
  vi.useFakeTimers();
  document.body.innerHTML = `<div class="jp-OutputArea-output jupyter-widgets">not found</div>`;
  const views: Record<string, object> = { m1: {}, m2: { v: Promise.resolve({}) } };
  const shown = output({ [VIEW_TYPE]: { model_id: "m2" } }, { inginious: subject });
  const { model, set } = page([live, shown], ["m1", "m2"]);
  const get_model = (id: string) => Promise.resolve({ views: views[id] });
  Object.assign(model.widget_manager, { restoredStatus: false, get_model });
  start(model);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked(model)).toEqual([]);
  expect(set.mock.calls).toEqual([[0, live.toJSON?.()]]);
});

test("many widgets are woken some at a time", async () => {
  const outputs = Array.from({ length: 45 }, (_, index) =>
    output({ [VIEW_TYPE]: { model_id: `m${index}` } }, { inginious: subject }),
  );
  const { model, set } = page(outputs);
  start(model);
  await settled();
  const sizes = () => asked(model).map(({ widgets }) => (widgets as { model_id: string }[]).length);
  expect(sizes()).toEqual([20]);
  reply(model, ["m0"]); // the others cannot be woken
  await settled();
  expect(sizes()).toEqual([20, 20]);
  reply(model, ["m20"]);
  await settled();
  expect(sizes()).toEqual([20, 20, 5]);
  expect(set.mock.calls.map(([index]) => index)).toEqual([0, 20]);
});

test("the kernel is told that this page makes widgets, wherever it is", () => {
  const model = new FakeModel();
  start(model);
  expect(model.sent.map(({ content }) => content)).toEqual([{ v: 1, kind: "made" }]);
});

test("a host whose outputs cannot be read is left alone", async () => {
  const model = new FakeModel();
  start(model);
  await settled();
  expect(asked(model)).toEqual([]);
});
