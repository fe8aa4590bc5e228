import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { findNotebook } from "../notebook/find.ts";
import type { PreviewAnswer, ResultInfo, WidgetState } from "../protocol/task.ts";
import { Controller } from "../state/controller.ts";
import { syncedState } from "../state/synced.ts";
import { modelTransport } from "../transport/messages.ts";
import { cell, FakeModel, fakeContext, problem, submission, task } from "./fakes.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** Of each test, as a page is. */
let kernelId = 0;

beforeEach(() => {
  kernelId += 1;
});

function controllerOf(state: Partial<WidgetState> = {}, ...cells: ReturnType<typeof cell>[]) {
  const model = new FakeModel(state);
  if (cells.length) model.widget_manager.context = fakeContext(...cells);
  const ended = new AbortController();
  const { signal } = ended;
  const controller = new Controller({
    synced: syncedState(model, signal),
    transport: Promise.resolve(modelTransport(model, signal)),
    notebook: findNotebook(model),
    kernelId: String(kernelId),
    lang: "en",
    signal,
  });
  const lookAway = controller.look();
  return { model, controller, lookAway, close: () => ended.abort() };
}

function previewed(changes: Partial<PreviewAnswer>): PreviewAnswer {
  return {
    problem_id: "p",
    kind: "cell",
    label: "cell 1",
    cell_ids: [],
    read_at: 0,
    text: "",
    choices: [],
    file: null,
    error: null,
    changed: null,
    has_magics: false,
    ...changes,
  };
}

const settle = () => vi.advanceTimersByTimeAsync(1000);
const kinds = (model: FakeModel) => model.sent.map(({ content }) => content.kind);

test("submitting sends the cells as they are now", async () => {
  const { model, controller } = controllerOf({}, cell("a", "x = 1", "inginious:p"));
  void controller.submit();
  await settle();
  expect(model.sent[0]?.content).toMatchObject({
    kind: "submit",
    cells: [cell("a", "x = 1", "inginious:p")],
  });
});

test("what is wanted of lines for IPython only goes with preview and submission", async () => {
  const { model, controller } = controllerOf({}, cell("a", "%%time\nx = 1", "inginious:p"));
  controller.chooseMagics("skip");
  await settle();
  void controller.submit();
  await settle();
  const said = model.sent.map(({ content }) => [content.kind, content.magics]);
  expect(said).toContainEqual(["preview", "skip"]);
  expect(said).toContainEqual(["submit", "skip"]);
});

test("a double click submits once", async () => {
  const { model, controller } = controllerOf();
  void controller.submit();
  void controller.submit();
  await settle();
  expect(kinds(model).filter((kind) => kind === "submit")).toHaveLength(1);
  model.reply("submit", { submission: "s1" });
  model.change({ submission: submission() });
  await settle();
  void controller.submit();
  await settle();
  expect(kinds(model).filter((kind) => kind === "submit")).toHaveLength(1);
});

test("a host that shows no cells sends none, and the kernel looks elsewhere", async () => {
  const { model, controller } = controllerOf();
  void controller.submit();
  await settle();
  expect(model.sent[0]?.content.cells).toBeNull();
});

test("a refusal is shown and goes away with the next entry", async () => {
  const { model, controller } = controllerOf();
  void controller.submit();
  await settle();
  model.refuse("submit", "The answer is empty.", "p");
  await settle();
  expect(controller.local.get().notice).toEqual({ text: "The answer is empty.", problemId: "p" });
  controller.enter("p", "something");
  expect(controller.local.get().notice).toBeNull();
});

test("the magic's request is answered once, with its submission", async () => {
  const { model, controller } = controllerOf({}, cell("a", "1", "inginious:p"));
  model.change({
    request: { id: "wanted", kind: "submit", client: "", cell_id: "" },
    submission: submission({ phase: "reading" }),
  });
  model.change({ request: { id: "wanted", kind: "submit", client: "", cell_id: "" } });
  await settle();
  const submits = model.sent.filter(({ content }) => content.kind === "submit");
  expect(submits).toHaveLength(1);
  expect(submits[0]?.content.submission).toBe("wanted");
  expect(controller.busy).toBe(true);
});

test("what is typed is shared, and what others type is shown", async () => {
  const { model, controller } = controllerOf();
  controller.enter("p", "mine");
  await settle();
  const draft = model.sent.find(({ content }) => content.kind === "draft")?.content;
  expect(draft).toMatchObject({ problem: "p", value: "mine" });
  // The kernel tells everybody, us too: an old echo must not undo what was typed since.
  controller.enter("p", "mine, longer");
  model.change({ drafts: { p: { value: "mine", by: String(draft?.by) } } });
  expect(controller.local.get().entries.p).toBe("mine, longer");
  model.change({ drafts: { p: { value: "theirs", by: "another view" } } });
  expect(controller.local.get().entries.p).toBe("theirs");
});

test("another student begins with that student's drafts, and the first one's come back", async () => {
  const { model, controller } = controllerOf();
  controller.enter("p", "mine");
  await settle();
  const by = String(model.sent.find(({ content }) => content.kind === "draft")?.content.by);
  model.change({ drafts: { p: { value: "mine", by } } });
  model.change({ student: "ada", drafts: {} });
  expect(controller.local.get().entries).toEqual({});
  model.change({ student: "", drafts: { p: { value: "mine", by } } });
  expect(controller.local.get().entries.p).toBe("mine");
});

test("that an answer is too long to be kept is told beneath its problem", async () => {
  const { model, controller } = controllerOf();
  controller.enter("p", "very long");
  await settle();
  model.refuse("draft", "It is too long.", "p");
  await settle();
  expect(controller.local.get().notice).toEqual({ text: "It is too long.", problemId: "p" });
  expect(controller.local.get().entries.p).toBe("very long");
});

test("a saved notebook cannot name a file of this machine as an answer", async () => {
  const path = { path: "~/secret.txt" } as unknown as string;
  const { model, controller } = controllerOf({
    drafts: { p: { value: path, by: "saved" } },
    request: { id: "long ago", kind: "submit", client: "", cell_id: "" },
  });
  controller.start();
  await settle();
  expect(controller.local.get().entries.p).toBeUndefined();
  expect(JSON.stringify(model.sent)).not.toContain("secret");
});

test("a draft that was seen does not come back over what a cell says", async () => {
  const question = problem({ type: "match" });
  const { model, controller } = controllerOf(
    { task: task(question), drafts: { p: { value: "old", by: "before the reload" } } },
    cell("a", "new", "inginious:p"),
  );
  expect(controller.local.get().entries.p).toBe("old");
  controller.preview();
  await settle();
  model.reply("preview", {
    answers: [previewed({ problem_id: "p", cell_ids: ["a"], text: "new" })],
  });
  await settle();
  expect(controller.local.get().entries.p).toBeUndefined();
  model.change({ submission: submission() });
  expect(controller.local.get().entries.p).toBeUndefined();
});

test("what was written in the editor is kept while a cell answers", async () => {
  const { model, controller } = controllerOf({}, cell("a", "x", "inginious:p"));
  controller.enter("p", "my text");
  await settle();
  model.reply("preview", { answers: [previewed({ problem_id: "p", cell_ids: ["a"] })] });
  await settle();
  expect(controller.local.get().entries.p).toBe("my text");
});

test("a kernel that wakes a widget does not undo what was entered in its sleep", async () => {
  const { model, controller } = controllerOf();
  controller.enter("p", "mine");
  controller.disconnect();
  await controller.submit();
  expect(kinds(model)).not.toContain("submit");
  const { signal } = new AbortController();
  const next = new FakeModel();
  controller.reconnect(modelTransport(next, signal), {
    drafts: { p: { value: "last time", by: "" } },
  });
  await settle();
  expect(controller.local.get()).toMatchObject({ disconnected: false, entries: { p: "mine" } });
  expect(kinds(next)).toContain("draft");
  void controller.submit();
  await settle();
  expect(kinds(next)).toContain("submit");
});

test("what cannot be asked of a kernel that is gone is said to be so", async () => {
  const { model, controller } = controllerOf({ submission: submission({ phase: "running" }) });
  await settle();
  controller.disconnect();
  await controller.kill();
  expect(kinds(model)).not.toContain("kill");
  expect(controller.local.get().notice).toEqual({ text: "gone", problemId: null });
});

test("a choice made in the widget is written into the cell that answers", async () => {
  const choices = ["a string", "a list"].map((text, index) => ({
    index: String(index),
    text,
    html: text,
  }));
  const question = problem({ type: "multiple_choice", multiple: true, choices });
  const { model, controller } = controllerOf(
    { task: task(question) },
    cell("a", "", "inginious:p"),
  );
  controller.preview();
  await settle();
  model.reply("preview", { answers: [previewed({ problem_id: "p", cell_ids: ["a"] })] });
  await settle();
  controller.enter("p", ["0", "1"]);
  expect(controller.notebook?.cells()[0]?.source).toBe("- a string\n- a list");
});

test("what is chosen while a preview is on its way stays", async () => {
  const choices = ["red", "blue"].map((text, index) => ({
    index: String(index),
    key: String(index),
    text,
    html: text,
  }));
  const question = problem({ type: "multiple_choice", choices });
  const { model, controller } = controllerOf(
    { task: task(question) },
    cell("a", "", "inginious:p"),
  );
  controller.preview();
  await settle();
  controller.enter("p", "1");
  model.reply("preview", { answers: [previewed({ problem_id: "p", cell_ids: ["a"] })] });
  await vi.advanceTimersByTimeAsync(0);
  expect(controller.local.get().entries).toEqual({ p: "1" });
});

test("a second submission is opened while the first is on its way", async () => {
  const { model, controller } = controllerOf();
  void controller.ask("open", { submission: "one" });
  void controller.ask("open", { submission: "two" });
  await settle();
  const asked = model.sent.filter(({ content }) => content.kind === "open");
  expect(asked.map(({ content }) => content.submission)).toEqual(["one", "two"]);
});

test("a snapshot that could not be had is asked for again, and anew in another language", async () => {
  const snapshot = (id: string, lang: string) => ({
    "text/html": `<section class="inginious inginious-snapshot-k inginious-result-${id}" lang="${lang}">`,
  });
  const shown = [{ data: snapshot("before", "en") }];
  const outputs = {
    length: 1,
    get: (index: number) => shown[index],
    set: (index: number, output: (typeof shown)[number]) => {
      shown[index] = output;
    },
  };
  const { model, controller } = controllerOf({}, cell("a", "x"));
  const first = model.widget_manager.context?.model?.cells?.get(0);
  Object.assign(first ?? {}, { outputs });
  const previewAgain = async () => {
    await settle();
    model.reply("preview", { answers: [] });
    await settle();
  };
  model.change({ result: { submission: "s1" } as ResultInfo });
  controller.preview();
  await previewAgain();
  model.refuse("snapshot", "not now");
  await settle();
  controller.preview();
  await previewAgain();
  model.reply("snapshot", snapshot("s1", "en"));
  await settle();
  expect(shown[0]?.data).toEqual(snapshot("s1", "en"));
  model.change({ lang: "fr" });
  await previewAgain();
  model.reply("snapshot", snapshot("s1", "fr"));
  await settle();
  expect(shown[0]?.data).toEqual(snapshot("s1", "fr"));
  controller.preview();
  await previewAgain();
  expect(kinds(model).filter((kind) => kind === "snapshot")).toHaveLength(3);
});

test("a file that was changed after it was chosen is told of, and nothing is sent", async () => {
  const { model, controller } = controllerOf();
  const file = new File(["abc"], "a.txt");
  file.arrayBuffer = () => Promise.reject(new Error("NotReadableError"));
  controller.enter("p", { file });
  await controller.submit();
  await settle();
  expect(controller.local.get().notice).toEqual({ text: "unreadable", problemId: "p" });
  expect(kinds(model)).not.toContain("submit");
  expect(controller.busy).toBe(false);
});

test("a second click while a file is read submits nothing more", async () => {
  const { model, controller } = controllerOf();
  const file = new File(["abc"], "a.txt");
  const reading: (() => void)[] = [];
  file.arrayBuffer = () =>
    new Promise((resolve) => reading.push(() => resolve(new ArrayBuffer(3))));
  controller.enter("p", { file });
  void controller.submit();
  void controller.submit();
  for (const read of reading) {
    read();
    await settle();
    model.reply("submit", { submission: "s1" });
    await settle();
  }
  expect(kinds(model).filter((kind) => kind === "submit")).toHaveLength(1);
});

test("a command gets its answers also while something else is submitted", async () => {
  const { model, controller } = controllerOf({}, cell("a", "x = 1", "inginious:p"));
  void controller.submit();
  await settle();
  model.change({ request: { id: "s2", kind: "submit", client: "", cell_id: "" } });
  await settle();
  const asked = model.sent.filter(({ content }) => content.kind === "submit");
  expect(asked.map(({ content }) => content.submission)).toEqual([undefined, "s2"]);
});

test("a file's bytes travel beside the request", async () => {
  const { model, controller } = controllerOf();
  controller.enter("p", { file: new File(["abc"], "a.txt") });
  void controller.submit();
  await settle();
  const sent = model.sent.find(({ content }) => content.kind === "submit");
  expect(sent?.content.answers).toEqual({ p: { filename: "a.txt", buffer: 0 } });
  expect(sent?.buffers[0]?.byteLength).toBe(3);
});

test("what is entered in one view of a task is sent by all of the page, files too", async () => {
  const { controller } = controllerOf();
  const other = controllerOf();
  controller.enter("q", ["1", "2"]);
  controller.enter("p", { file: new File(["abc"], "a.txt") });
  const later = controllerOf();
  const ofOtherTask = controllerOf({ task: { ...task(), ref: "demo/other" } });
  const ofOtherStudent = controllerOf({ student: "ada" });
  for (const { controller } of [other, later, ofOtherTask, ofOtherStudent]) {
    void controller.submit();
    await settle();
  }
  const answers = ({ model }: typeof other) =>
    model.sent.find(({ content }) => content.kind === "submit")?.content.answers;
  const file = { filename: "a.txt", buffer: 0 };
  expect(answers(other)).toEqual({ q: ["1", "2"], p: file });
  expect(answers(later)).toEqual({ p: file }); // the rest is in the kernel's drafts
  expect(answers(ofOtherTask)).toEqual({});
  expect(answers(ofOtherStudent)).toEqual({});
  controller.remove("p");
  expect(Object.keys(other.controller.local.get().entries)).toEqual(["q"]);
});

test("what is typed just before a view is closed or its page left is kept", async () => {
  const { model, controller, close } = controllerOf();
  await vi.advanceTimersByTimeAsync(0);
  const drafts = () =>
    model.sent.flatMap(({ content }) => (content.kind === "draft" ? [content.value] : []));
  controller.enter("p", "left");
  window.dispatchEvent(new Event("pagehide"));
  expect(drafts()).toEqual(["left"]);
  controller.enter("p", "left to another student");
  void controller.ask("submitAs", { username: "bob" });
  expect(kinds(model).slice(-2)).toEqual(["draft", "submitAs"]);
  controller.enter("p", "left and closed");
  close();
  expect(drafts()).toEqual(["left", "left to another student", "left and closed"]);
  await settle();
  expect(drafts()).toHaveLength(3);
});

test("what would be sent is asked for when somebody looks at it, not with each key typed", async () => {
  const { model, controller, lookAway } = controllerOf({}, cell("a", "x", "inginious:p"));
  lookAway();
  for (let key = 0; key < 12; key++) {
    controller.preview();
    await settle();
  }
  expect(kinds(model)).not.toContain("preview");
  const away = controller.look();
  await settle();
  expect(kinds(model).filter((kind) => kind === "preview")).toHaveLength(1);
  model.reply("preview", { answers: [] });
  away();
  controller.look(); // nothing has changed
  await settle();
  expect(kinds(model).filter((kind) => kind === "preview")).toHaveLength(1);
});

test("a password goes in a buffer, where no log of messages has it", async () => {
  const { model, controller } = controllerOf();
  const said = controller.signIn(
    { site: "", username: "ada", cookie: false, keep: false },
    "sécret",
  );
  await settle();
  const asked = model.sent.find(({ content }) => content.kind === "signIn");
  expect(JSON.stringify(asked?.content)).not.toContain("cret");
  expect(new TextDecoder().decode(asked?.buffers[0])).toBe("sécret");
  model.refuse("signIn", "Not you.");
  expect(await said).toEqual({ signedIn: false, text: "Not you." });
  expect(controller.local.get().notice).toBeNull();
});

test("what is asked is sent before anything is drawn", async () => {
  const { model, controller } = controllerOf();
  await settle();
  void controller.ask("kill", { submission: "s1" });
  expect(kinds(model)).toContain("kill");
});

test("nothing is drawn again for what stays as it is", () => {
  const { controller } = controllerOf();
  const { notice, preview } = controller.local.get();
  let drawn = 0;
  controller.local.subscribe(() => {
    drawn += 1;
  });
  controller.local.update({ notice, preview });
  expect(drawn).toBe(0);
  controller.local.update({ notice, waiting: true });
  expect(drawn).toBe(1);
});
