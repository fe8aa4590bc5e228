import { expect, test } from "vitest";
import { LabNotebook } from "../lab/lab_notebook.ts";
import { NotebookAnswers } from "../lab/notebook_answers.ts";
import { Store } from "../state/store.ts";
import { cell, fakeContext } from "./fakes.ts";

function heldBack<T>() {
  let settle: (value: T) => void = () => {};
  const promise = new Promise<T>((resolve) => {
    settle = resolve;
  });
  return { promise, settle };
}

/** A notebook with answers to two tasks, of which nothing is known before the server answers. */
function opened() {
  const context = fakeContext(cell("a", "1", "inginious:p"), cell("b", "2", "inginious:q"));
  const panel = {
    context: { ...context, ready: Promise.resolve(), localPath: "folder/a.ipynb" },
    content: { widgets: [] },
    disposed: { connect: () => {} },
    isDisposed: false,
  };
  const opening: string[] = [];
  const reads: ReturnType<typeof heldBack<unknown>>[] = [];
  const socket = {
    overview: new Store(null),
    state: new Store("open"),
    ask: () => {
      const read = heldBack<unknown>();
      reads.push(read);
      return read.promise;
    },
  };
  const views = new Map(["c/s", "c/t"].map((task) => [task, heldBack<unknown>()]));
  const submitted: string[] = [];
  const answers = new NotebookAnswers(
    new LabNotebook(panel as never, { activateById: () => {} }),
    socket as never,
    (task) => {
      opening.push(task);
      return views.get(task)?.promise as never;
    },
  );
  const open = (task: string) => {
    const controller = { submit: async () => submitted.push(task) };
    views.get(task)?.settle({ controller });
  };
  /** Answer the request of that number: only the cells in it are answers. */
  const told = (number = 0, ids = "ab") =>
    reads[number]?.settle({
      answers: [
        { cell_id: "a", task: "c/s", problem_id: "p" },
        { cell_id: "b", task: "c/t", problem_id: "q" },
      ].filter(({ cell_id }) => ids.includes(cell_id)),
      results: [],
    });
  return { answers, open, told, submitted, panel, opening };
}

test("all answers are submitted also before it is known which there are", async () => {
  const { answers, open, told, submitted } = opened();
  const sending = answers.submitAll();
  told();
  open("c/t");
  await new Promise((resolve) => setTimeout(resolve));
  expect(submitted).toEqual([]);
  open("c/s");
  await sending;
  expect(submitted).toEqual(["c/s", "c/t"]);
});

test("what was said of cells that have changed since is not taken, and nobody waits for it", async () => {
  const { answers, open, told, submitted } = opened();
  const sending = answers.submitAll();
  answers.lookAgain(); // the courses have changed
  const other = answers.opened();
  told(1, "b");
  open("c/t");
  await other;
  told(0, "ab");
  await sending;
  expect(submitted).toEqual(["c/t"]);
  expect(answers.cells.get().map(({ cell_id }) => cell_id)).toEqual(["b"]);
});

test("a notebook that was closed meanwhile opens no view, which nobody would close", async () => {
  const { answers, told, panel, opening } = opened();
  const looking = answers.opened();
  panel.isDisposed = true;
  told();
  await looking;
  expect(opening).toEqual([]);
});
