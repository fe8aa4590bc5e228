import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette, IToolbarWidgetRegistry } from "@jupyterlab/apputils";
import type { Cell, ICellModel } from "@jupyterlab/cells";
import { INotebookTracker, type NotebookPanel } from "@jupyterlab/notebook";
import type { PanelLayout, Widget } from "@lumino/widgets";
import { ownValue } from "../../own_value.ts";
import type { WidgetState } from "../../protocol/task.ts";
import { isActive } from "../../state/controller.ts";
import { awaitAgain, hasArrived, isAwaited, isOwn } from "../../state/own_submissions.ts";
import type { Lack } from "../guidance.ts";
import { guided } from "../guided.ts";
import { inginiousIcon } from "../icon.ts";
import { LazyItem } from "../lazy_item.ts";
import type { NotebookAnswers } from "../notebook_answers.ts";
import { keepSummary, savedSummary } from "../saved_summary.ts";
import { settled } from "../settled.ts";
import type { TaskView } from "../task_view.ts";
import { NOTIFICATION_MS, notify } from "../telling.ts";
import { Commands, IInginious, PALETTE_CATEGORY } from "../tokens.ts";

const MARK = "inginious-answer";
const loadDialogs = () => import(/* webpackChunkName: "dialogs" */ "../dialogs.ts");

export const answers: JupyterFrontEndPlugin<void> = {
  id: "inginious-nb:answers",
  description: "Marks the cells that are answers, submits them and shows their results beneath.",
  autoStart: true,
  requires: [IInginious, INotebookTracker],
  optional: [ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    inginious: IInginious,
    notebooks: INotebookTracker,
    palette: ICommandPalette | null,
  ) => {
    const { t, lab } = inginious.language;
    const activeAnswer = () => {
      const { currentWidget, activeCell } = notebooks;
      if (!currentWidget || !activeCell) return null;
      return inginious.answers(currentWidget).find(activeCell.model.id);
    };
    const ofCell = (lack: () => Lack | null) => () => {
      if (!notebooks.currentWidget) return "notebook";
      return notebooks.activeCell ? lack() : "cell";
    };
    app.commands.addCommand(Commands.submitCell, {
      label: ({ toolbar }) => (toolbar ? t.submit : lab.submitCell),
      caption: lab.submitCell,
      icon: inginiousIcon,
      isVisible: ({ toolbar }) => !toolbar || activeAnswer() !== null,
      execute: guided(
        app,
        inginious,
        ofCell(() => {
          const answer = activeAnswer();
          if (!answer) return "answer";
          return answer.view.controller.busy ? "underWay" : null;
        }),
        () => activeAnswer()?.view.controller.submit(),
      ),
    });
    // In a split view a button may be pressed beside the notebook that was looked at last.
    const notebookOf = ({ id }: { id?: unknown }) =>
      notebooks.find((panel) => panel.id === id) ?? notebooks.currentWidget;
    app.commands.addCommand(Commands.submitAll, {
      label: lab.submitAll,
      caption: lab.submitAllCaption,
      icon: inginiousIcon,
      execute: guided(
        app,
        inginious,
        (args) => {
          const panel = notebookOf(args);
          if (!panel) return "notebook";
          const views = inginious.answers(panel).inOrder();
          if (!views.length) return "answers";
          return views.every(({ controller }) => controller.busy) ? "underWay" : null;
        },
        async (args) => {
          const panel = notebookOf(args);
          if (panel) await (await loadDialogs()).submitAll(inginious, inginious.answers(panel));
        },
      ),
    });
    app.commands.addCommand(Commands.useAsAnswer, {
      label: lab.useAs,
      icon: inginiousIcon,
      execute: guided(
        app,
        inginious,
        ofCell(() => (inginious.socket.tasks.length ? null : "course")),
        async () => {
          const { currentWidget, activeCell } = notebooks;
          if (!currentWidget || !activeCell) return;
          const { notebook } = inginious.answers(currentWidget);
          const { chooseProblem } = await loadDialogs();
          const chosen = await chooseProblem(inginious);
          if (chosen) notebook.useAsAnswer(activeCell.model.id, chosen, chosen.problemId);
        },
      ),
    });
    for (const command of [Commands.submitCell, Commands.submitAll, Commands.useAsAnswer]) {
      palette?.addItem({ command, category: PALETTE_CATEGORY });
    }
    const activeChanged = () => app.commands.notifyCommandChanged(Commands.submitCell);
    notebooks.activeCellChanged.connect(activeChanged);
    const follow = (panel: NotebookPanel) => {
      const found = inginious.answers(panel);
      const name = () => personHere(app, inginious);
      followNotebook(inginious, found, name, () => inginious.settings.get().notifications);
      found.cells.subscribe(activeChanged);
      found.views.subscribe(activeChanged);
    };
    notebooks.forEach(follow);
    notebooks.widgetAdded.connect((_, panel) => follow(panel));
  },
};

export const toolbar: JupyterFrontEndPlugin<void> = {
  id: "inginious-nb:toolbar",
  description: "Submits every task of a notebook from its toolbar, and counts those that passed.",
  autoStart: true,
  requires: [IInginious, INotebookTracker, IToolbarWidgetRegistry],
  activate: (
    app: JupyterFrontEnd,
    inginious: IInginious,
    _notebooks: INotebookTracker,
    registry: IToolbarWidgetRegistry,
  ) => {
    type Ui = typeof import("../ui.tsx");
    const addItem = (name: string, make: (ui: Ui, panel: NotebookPanel) => Widget) =>
      registry.addFactory<NotebookPanel>("Notebook", name, (panel) => {
        const item = new LazyItem();
        void settled(app).then(async () => {
          const ui = await import("../ui.tsx");
          if (!item.isDisposed) item.fill(make(ui, panel));
        });
        return item;
      });
    addItem("inginious-submit-all", ({ submitAllWidget }, panel) =>
      submitAllWidget(inginious, inginious.answers(panel), () => {
        void app.commands.execute(Commands.submitAll, { id: panel.id });
      }),
    );
    addItem("inginious-tally", ({ tallyWidget }, panel) =>
      tallyWidget(inginious, inginious.answers(panel)),
    );
  },
};

/** What to call the person here; not by a name that the server made up for a browser. */
function personHere(app: JupyterFrontEnd, { socket }: IInginious): string {
  const { username, name, display_name } = app.serviceManager.user.identity ?? {};
  const isMadeUp = !username || /^[0-9a-f]{32}$/.test(username);
  const known = isMadeUp ? "" : display_name || name;
  return known || (socket.overview.get()?.username ?? "");
}

/** Lines and marks for the cells that are answers, and what else happens when a result comes. */
function followNotebook(
  inginious: IInginious,
  found: NotebookAnswers,
  user: () => string,
  notifies: () => boolean,
): void {
  const { panel } = found.notebook;
  const lines = new Map<Cell, Widget>();
  const update = async () => {
    const { answerLine } = await import("../ui.tsx");
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
  void panel.context.ready.then(update);
  awaitAgain(panel.context.path);
  const followed = new Set<TaskView>();
  const awaited = new AwaitedResults(inginious, found, notifies);
  found.views.subscribe(() => {
    for (const view of found.views.get().values()) {
      if (followed.has(view)) continue;
      followed.add(view);
      followResults(found, view, user, awaited);
    }
  });
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
    const isSeen = places.some((cellId) => found.notebook.isInSight(cellId));
    const unseen = isSeen ? null : { state, cellId: cells[0]?.cell_id ?? "" };
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
  readonly #notifies: () => boolean;
  readonly #awaited = new Set<string>();
  #unseen: Unseen[] = [];

  constructor(inginious: IInginious, found: NotebookAnswers, notifies: () => boolean) {
    this.#inginious = inginious;
    this.#found = found;
    this.#notifies = notifies;
    found.submitting.subscribe(() => this.#tellAtTheEnd());
  }

  add(submission: string): void {
    this.#awaited.add(submission);
  }

  end(submission: string, unseen: Unseen | null = null): void {
    this.#awaited.delete(submission);
    if (unseen && this.#notifies()) this.#unseen.push(unseen);
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
