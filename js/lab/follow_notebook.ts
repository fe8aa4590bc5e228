// What happens in a notebook by itself: its answers are marked and have lines, results are kept with
// their cells, and told where nobody sees them.
import type { Cell, ICellModel } from "@jupyterlab/cells";
import type { PanelLayout, Widget } from "@lumino/widgets";
import { ownValue } from "../own_value.ts";
import type { WidgetState } from "../protocol/task.ts";
import { isActive } from "../state/controller.ts";
import {
  awaitAgain,
  hasArrived,
  isAwaited,
  isFromElsewhere,
  isOwn,
  moveNotebook,
} from "../state/own_submissions.ts";
import type { NotebookAnswers } from "./notebook_answers.ts";
import { completeSummary, keepSummary, savedSummary } from "./saved_summary.ts";
import type { TaskView } from "./task_view.ts";
import { NOTIFICATION_MS, notify } from "./telling.ts";
import type { IInginious } from "./tokens.ts";

const MARK = "inginious-answer";

/** Lines and marks for the cells that are answers, and what else happens when a result comes. */
export function followNotebook(
  inginious: IInginious,
  found: NotebookAnswers,
  user: () => string,
): void {
  const { panel } = found.notebook;
  const lines = new Map<Cell, Widget>();
  const update = async () => {
    const { answerLine } = await import("./ui.tsx");
    if (panel.isDisposed) return;
    const answering = new Set(found.cells.get().map(({ cell_id }) => cell_id));
    for (const cell of panel.content.widgets) {
      const isAnswer = answering.has(cell.model.id) || isStranded(inginious, cell.model);
      cell.toggleClass(MARK, isAnswer);
      const line = lines.get(cell);
      if (!isAnswer && line) {
        lines.delete(cell);
        line.dispose();
      } else if (isAnswer && !line) {
        const made = answerLine(inginious, found, cell.model);
        lines.set(cell, made);
        cell.disposed.connect(() => lines.delete(cell));
        void cell.ready.then(() => {
          if (!made.isDisposed && !cell.isDisposed) (cell.layout as PanelLayout).addWidget(made);
        });
      }
    }
  };
  found.cells.subscribe(() => void update());
  found.lacking.subscribe(() => complete(inginious, found, user));
  void panel.context.ready.then(update);
  let { path } = panel.context;
  awaitAgain(path);
  panel.context.pathChanged.connect((_, moved) => {
    moveNotebook(path, moved);
    path = moved;
  });
  const followed = new Set<TaskView>();
  const awaited = new AwaitedResults(inginious, found);
  found.views.subscribe(() => {
    for (const view of found.views.get().values()) {
      if (followed.has(view)) continue;
      followed.add(view);
      followResults(found, view, user, awaited);
    }
  });
}

/** Keep with the cells what came while the notebook was closed, whoever submitted it. */
function complete({ socket }: IInginious, found: NotebookAnswers, user: () => string): void {
  const self = socket.overview.get()?.username;
  for (const result of found.lacking.get()) {
    const whose = result.user === self ? user() : result.user;
    for (const { model } of found.notebook.panel.content.widgets)
      if (result.cell_ids.includes(model.id)) completeSummary(model, result, whose);
  }
}

/** Whether a cell keeps the result of a task that the server does not have, or does not tell of. */
function isStranded({ socket }: IInginious, cell: ICellModel): boolean {
  const saved = savedSummary(cell);
  if (!saved) return false;
  const known = socket.state.get() === "open" ? (socket.overview.get()?.courses ?? []) : [];
  return !known.some(({ tasks }) => tasks.some(({ ref }) => ref === saved.task));
}

/** What comes for one task: kept with its cells, and told when nobody sees it there. */
function followResults(
  found: NotebookAnswers,
  { controller }: TaskView,
  user: () => string,
  awaited: AwaitedResults,
): void {
  const { panel } = found.notebook;
  let submitted = "";
  const follow = () => {
    const { path } = found.notebook;
    const state = controller.synced.get();
    const { submission, result, task } = state;
    if (isActive(submission)) {
      submitted = submission.id;
      awaited.add(submitted);
    }
    if (submission?.phase === "refused") {
      awaited.end(submitted);
      hasArrived(submission.id, path);
      submitted = "";
    }
    // It was submitted before the page was reloaded or the notebook was closed, or in an output.
    if (result && isAwaited(result.submission, path)) submitted = result.submission;
    if (!submitted || result?.submission !== submitted) return;
    const cells = found.cells.get().filter((cell) => cell.task === task?.ref);
    // Who clicked says whose it is; the other pages of the document have it from there.
    for (const { cell_id } of isOwn(submitted, path) ? cells : []) {
      const cell = panel.content.widgets.find(({ model }) => model.id === cell_id);
      if (cell) keepSummary(cell.model, state, user());
    }
    const output = found.notebook.cellThatSubmits(task?.ref ?? "");
    const places = [...cells.map(({ cell_id }) => cell_id), ...(output ? [output] : [])];
    // Another notebook with an answer to the same task tells of what was submitted from there.
    const isTold =
      isFromElsewhere(submitted, path) || places.some((cellId) => found.notebook.isInSight(cellId));
    const unseen = isTold ? null : { state, cellId: cells[0]?.cell_id ?? "" };
    awaited.end(submitted, unseen);
    hasArrived(submitted, path);
    submitted = "";
  };
  controller.synced.subscribe(follow);
  follow();
}

interface Unseen {
  state: WidgetState;
  cellId: string;
}

/** Tells once of the results that came while their cells could not be seen. */
class AwaitedResults {
  readonly #inginious: IInginious;
  readonly #found: NotebookAnswers;
  readonly #awaited = new Set<string>();
  #unseen: Unseen[] = [];

  constructor(inginious: IInginious, found: NotebookAnswers) {
    this.#inginious = inginious;
    this.#found = found;
    found.submitting.subscribe(() => this.#tellAtTheEnd());
  }

  add(submission: string): void {
    this.#awaited.add(submission);
  }

  end(submission: string, unseen: Unseen | null = null): void {
    this.#awaited.delete(submission);
    if (unseen && this.#inginious.settings.get().notifications) this.#unseen.push(unseen);
    this.#tellAtTheEnd();
  }

  #tellAtTheEnd(): void {
    // The first may be graded before the last is sent.
    if (this.#found.submitting.get() || this.#awaited.size || !this.#unseen.length) return;
    const results = this.#unseen;
    this.#unseen = [];
    this.#tell(results);
  }

  #tell(results: Unseen[]): void {
    const { t, lab, say } = this.#inginious.language;
    const hasPassed = ({ result }: WidgetState) => result?.code === "success";
    const all = [...this.#found.views.get().values()].map(({ controller }) =>
      controller.synced.get(),
    );
    const first = results.find(({ state }) => !hasPassed(state)) ?? results[0];
    const { task, result } = first?.state ?? {};
    const code = result?.code ?? "";
    const text =
      results.length > 1
        ? say(lab.tally, { n: all.filter(hasPassed).length, all: all.length })
        : say(lab.arrived, { task: task?.name ?? "", result: ownValue(t.results, code) ?? code });
    const callback = () => void (first && this.#found.notebook.reveal(first.cellId));
    notify(text, code === "success" ? "success" : "info", this.#inginious.language, {
      autoClose: NOTIFICATION_MS,
      actions: [{ label: lab.goToCell, callback }],
    });
  }
}
