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

const loadClosed = () => import(/* webpackChunkName: "dialogs" */ "./closed_notebook.ts");

/** What JupyterLab knows. */
export interface Host {
  /** What to call the person here. */
  user: () => string;
  isOpen: (path: string) => boolean;
  /** Go to a cell, whether its notebook is open or not. */
  goTo: (path: string, cellId: string) => void;
}

/** Lines and marks for the cells that are answers, and what else happens when a result comes. */
export function followNotebook(inginious: IInginious, found: NotebookAnswers, host: Host): void {
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
  found.lacking.subscribe(() => complete(inginious, found, host));
  void panel.context.ready.then(update);
  let { path } = panel.context;
  awaitAgain(path);
  panel.context.pathChanged.connect((_, moved) => {
    moveNotebook(path, moved);
    path = moved;
  });
  const followed = new Map<TaskView, () => void>();
  const awaited = new AwaitedResults(inginious, found, host);
  found.views.subscribe(() => {
    const views = new Set(found.views.get().values());
    for (const [view, end] of followed) {
      if (views.has(view)) continue;
      followed.delete(view);
      end();
    }
    for (const view of views)
      if (!followed.has(view)) followed.set(view, followResults(found, view, host, awaited));
  });
}

/** Keep with the cells what came while the notebook was closed, whoever submitted it. */
function complete({ socket }: IInginious, found: NotebookAnswers, { user }: Host): void {
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

/** What comes for one task: kept with its cells, and told when nobody sees it; returns how to end that. */
function followResults(
  found: NotebookAnswers,
  { controller }: TaskView,
  { user }: Host,
  awaited: AwaitedResults,
): () => void {
  const { panel } = found.notebook;
  let submitted = "";
  let underWay = "";
  const take = () => {
    const { path } = found.notebook;
    const state = controller.synced.get();
    const { submission, result, task } = state;
    underWay = isActive(submission) ? submission.id : "";
    if (underWay) {
      submitted = underWay;
      awaited.add(submitted, task?.ref ?? "");
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
    const own = isOwn(submitted, path);
    // Who clicked says whose it is; the other pages of the document have it from there.
    if (!own && !found.notebook.isShared) found.lookAgain();
    const ownCells = new Set(own ? cells.map(({ cell_id }) => cell_id) : []);
    // JupyterLab has much to do with what changes in a cell: the result is seen first.
    setTimeout(() => {
      if (panel.isDisposed) return; // it is kept when the notebook is opened again
      for (const { model } of panel.content.widgets)
        if (ownCells.has(model.id)) keepSummary(model, state, user());
    });
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
  const follow = () => {
    const before = underWay;
    take();
    // Another one may have taken its place, or the server have lost it.
    if (before !== underWay) awaited.end(before);
  };
  const unsubscribe = controller.synced.subscribe(follow);
  follow();
  return () => {
    unsubscribe();
    awaited.end(underWay); // its cells are gone
  };
}

interface Unseen {
  state: WidgetState;
  cellId: string;
}

/** Tells once of the results that came while their cells could not be seen. */
class AwaitedResults {
  readonly #inginious: IInginious;
  readonly #found: NotebookAnswers;
  readonly #host: Host;
  /** The tasks by their submissions. */
  readonly #awaited = new Map<string, string>();
  #unseen: Unseen[] = [];

  constructor(inginious: IInginious, found: NotebookAnswers, host: Host) {
    this.#inginious = inginious;
    this.#found = found;
    this.#host = host;
    found.submitting.subscribe(() => this.#tellAtTheEnd());
    found.notebook.panel.disposed.connect(() => this.#goOn());
  }

  add(submission: string, task: string): void {
    this.#awaited.set(submission, task);
  }

  end(submission: string, unseen: Unseen | null = null): void {
    this.#awaited.delete(submission);
    if (unseen && this.#inginious.settings.get().notifications) this.#unseen.push(unseen);
    this.#tellAtTheEnd();
  }

  /** The notebook is closed, but not what was submitted from it. */
  #goOn(): void {
    const { path } = this.#found.notebook;
    const cells = this.#found.cells.get();
    for (const [submission, task] of [...this.#awaited]) {
      const cellId = cells.find((cell) => cell.task === task)?.cell_id ?? "";
      const end = (state: WidgetState | null) =>
        this.end(submission, state && !this.#host.isOpen(path) ? { state, cellId } : null);
      if (isOwn(submission, path))
        loadClosed()
          .then(({ awaitResult }) => awaitResult(this.#inginious, submission, task, end))
          .catch(() => end(null)); // it is in the history
      else end(null);
    }
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
    const states = [...this.#found.views.get()].map(
      ([task, { controller }]) => [task, controller.synced.get()] as const,
    );
    const arrived = results.map(({ state }) => [state.task?.ref ?? "", state] as const);
    const all = [...new Map([...states, ...arrived]).values()];
    const first = results.find(({ state }) => !hasPassed(state)) ?? results[0];
    const { task, result } = first?.state ?? {};
    const code = result?.code ?? "";
    const text =
      results.length > 1
        ? say(lab.tally, { n: all.filter(hasPassed).length, all: all.length })
        : say(lab.arrived, { task: task?.name ?? "", result: ownValue(t.results, code) ?? code });
    const callback = () => first && this.#host.goTo(this.#found.notebook.path, first.cellId);
    notify(text, code === "success" ? "success" : "info", this.#inginious.language, {
      autoClose: NOTIFICATION_MS,
      actions: [{ label: lab.goToCell, callback }],
    });
  }
}
