import { beforeEach, expect, test, vi } from "vitest";
import { followNotebook } from "../lab/follow_notebook.ts";
import type { SubmissionInfo, WidgetState } from "../protocol/task.ts";
import { EMPTY_STATE } from "../state/empty_state.ts";
import { submitting } from "../state/own_submissions.ts";
import { Store } from "../state/store.ts";
import { until } from "./fakes.ts";

const told: string[] = [];
vi.mock("../lab/telling.ts", () => ({
  NOTIFICATION_MS: 0,
  notify: (text: string) => told.push(text),
}));
vi.mock("../lab/ui.tsx", () => ({ answerLine: () => null }));

beforeEach(() => {
  told.length = 0;
  sessionStorage.clear();
  localStorage.clear();
});

/** A task that is graded, and the view that the server tells of it. */
function graded(ref: string) {
  let synced = new Store<WidgetState>({
    ...EMPTY_STATE,
    key: ref,
    lang: "en",
    task: { ref, name: ref } as never,
  });
  const tell = (changed: Partial<WidgetState>) => synced.update(changed);
  const phase = (id: string, phase: SubmissionInfo["phase"]) => ({ id, phase }) as SubmissionInfo;
  return {
    ref,
    view: () => ({ controller: { synced } }),
    /** Another view, when the first one has been closed. */
    another: () => {
      synced = new Store(synced.get());
      return { controller: { synced } };
    },
    running: (id: string) => tell({ submission: phase(id, "running") }),
    refused: (id: string) => tell({ submission: phase(id, "refused") }),
    lost: () => tell({ submission: null }),
    done: (id: string) =>
      tell({
        submission: phase(id, "done"),
        result: { submission: id, code: "success" } as never,
      }),
  };
}

/** A notebook that is out of sight, with the views of some tasks; each its own submission. */
function opened(...tasks: ReturnType<typeof graded>[]) {
  const all = new Map(tasks.map((task) => [task, task.view()]));
  const viewsOf = (shown: typeof tasks) => new Map(shown.map((task) => [task.ref, all.get(task)]));
  const views = new Store<ReadonlyMap<string, unknown>>(new Map());
  let dispose = () => {};
  const kept: Record<string, unknown> = {};
  const widgets = tasks.map(({ ref }) => {
    const setMetadata = (_key: string, { submission }: { submission: string }) => {
      kept[ref] = submission;
    };
    const model = { id: `cell ${ref}`, getMetadata: () => undefined, setMetadata };
    const gone = { connect: () => {} };
    return { model, toggleClass: () => {}, disposed: gone, ready: new Promise(() => {}) };
  });
  const panel = {
    isDisposed: false,
    content: { widgets },
    context: { path: "a.ipynb", ready: Promise.resolve(), pathChanged: { connect: () => {} } },
    disposed: {
      connect: (slot: () => void) => {
        dispose = slot;
      },
    },
  };
  const found = {
    notebook: {
      panel,
      path: "a.ipynb",
      isShared: false,
      cellThatSubmits: () => null,
      isInSight: () => false,
    },
    cells: new Store(tasks.map(({ ref }) => ({ cell_id: `cell ${ref}`, task: ref }))),
    lacking: new Store([]),
    submitting: new Store(false),
    views,
    lookAgain: () => {},
  };
  const open = vi.fn(async (ref: string) => {
    const task = tasks.find((one) => one.ref === ref);
    return task ? task.another() : Promise.reject(new Error("gone"));
  });
  const inginious = {
    socket: { overview: new Store(null), state: new Store("open") },
    settings: new Store({ notifications: true }),
    language: {
      t: { results: {} },
      lab: { arrived: "arrived", tally: "tally", goToCell: "" },
      say: (text: string, { task = "" }: { task?: string }) => `${text} ${task}`.trim(),
    },
    open,
  };
  const host = { user: () => "ada", isOpen: () => false, goTo: () => {} };
  followNotebook(inginious as never, found as never, host);
  views.set(viewsOf(tasks));
  return {
    show: (...shown: typeof tasks) => views.set(viewsOf(shown)),
    close: () => {
      panel.isDisposed = true;
      dispose();
    },
    open,
    kept,
  };
}

function submit(id: string): Promise<unknown> {
  return submitting(Promise.resolve({ value: { submission: id } }), "a.ipynb");
}

test.each<[string, (other: ReturnType<typeof graded>, show: () => void) => void]>([
  ["whose cells are gone", (_other, show) => show()],
  ["that the server has lost", (other) => other.lost()],
  [
    "that another one took the place of",
    (other) => {
      other.running("o2");
      other.done("o2");
    },
  ],
])("a result does not wait for a submission %s", async (_, end) => {
  const [task, other] = [graded("c/t"), graded("c/o")];
  const { show } = opened(task, other);
  await submit("s1");
  task.running("s1");
  other.running("o1");
  task.done("s1");
  expect(told).toEqual([]); // the other one is told with it
  end(other, () => show(task));
  expect(told).toHaveLength(1);
});

test.each([
  ["of somebody else", 1],
  ["that is refused", 2],
])("what is told of a closed notebook does not wait for a submission %s", async (_, own) => {
  const [task, other] = [graded("c/t"), graded("c/o")];
  const { close, open } = opened(task, other);
  const ids = [`own ${own}`, `other ${own}`] as const; // the page knows its own for good
  for (const id of ids.slice(0, own)) await submit(id);
  task.running(ids[0]);
  other.running(ids[1]);
  close();
  await until(() => expect(open).toHaveBeenCalledTimes(own));
  if (own === 2) other.refused(ids[1]);
  task.done(ids[0]);
  expect(told).toEqual(["arrived c/t"]);
});

test("a result of this page is kept with its cell, once it can be seen", async () => {
  const [task, other] = [graded("c/t"), graded("c/o")];
  const { kept } = opened(task, other);
  await submit("own");
  task.running("own");
  task.done("own");
  other.running("of another");
  other.done("of another");
  expect(kept).toEqual({});
  await until(() => expect(kept).toEqual({ "c/t": "own" }));
});
