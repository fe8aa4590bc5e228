import { afterEach, expect, test, vi } from "vitest";
import type { NotebookContext, OutputModel } from "../notebook/context.ts";
import { VIEW_TYPE } from "../notebook/views.ts";
import waker from "../waker.ts";
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
const start = (model: FakeModel) => waker.initialize({ model, signal: ended.signal });
const settled = () => new Promise((resolve) => setTimeout(resolve));

afterEach(() => vi.restoreAllMocks());

test("the kernel is told which of our widgets the page does not know, and what they showed", async () => {
  const { model } = page([live, snapshot, others]);
  start(model);
  await settled();
  const widgets = [{ model_id: "m1", subject: { ...subject, submission: "0a1b-2c" } }];
  expect(model.sent.map(({ content }) => content)).toEqual([{ v: 1, kind: "wake", widgets }]);
});

test("a page that knows them all asks for nothing", async () => {
  const { model } = page([live, snapshot], ["m1"]);
  start(model);
  await settled();
  expect(model.sent).toEqual([]);
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
  expect(model.sent).toEqual([]);
  known.push("m1");
  restored();
  await settled();
  expect(model.sent).toEqual([]);
});

test("the outputs of woken widgets are shown again, and no others", () => {
  const { model, set } = page([live, snapshot, others]);
  start(model);
  model.emit("msg:custom", { v: 1, kind: "woken", model_ids: ["m1"] });
  expect(set.mock.calls).toEqual([[0, live.toJSON?.()]]);
});

test("a host whose outputs cannot be read is left alone", async () => {
  const model = new FakeModel();
  start(model);
  await settled();
  expect(model.sent).toEqual([]);
});
