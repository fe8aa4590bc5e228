import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette, IToolbarWidgetRegistry } from "@jupyterlab/apputils";
import { INotebookTracker, type NotebookPanel } from "@jupyterlab/notebook";
import type { Widget } from "@lumino/widgets";
import { followNotebook, type Host } from "../follow_notebook.ts";
import type { Lack } from "../guidance.ts";
import { guided } from "../guided.ts";
import { inginiousIcon } from "../icon.ts";
import { LazyItem } from "../lazy_item.ts";
import { settled } from "../settled.ts";
import { Commands, IInginious, PALETTE_CATEGORY } from "../tokens.ts";

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
    type Lacking = Lack | null | Promise<Lack | null>;
    const ofCell = (lack: (panel: NotebookPanel) => Lacking) => (): Lacking => {
      const { currentWidget, activeCell } = notebooks;
      if (!currentWidget) return "notebook";
      return activeCell ? lack(currentWidget) : "cell";
    };
    const openedAt = (path: string) => notebooks.find(({ context }) => context.path === path);
    const goToCell = async (path: string, cellId: string) => {
      const panel = openedAt(path);
      if (panel && (await inginious.answers(panel).notebook.reveal(cellId))) return;
      const { openCell } = await import(/* webpackChunkName: "dialogs" */ "../closed_notebook.ts");
      await openCell(app, inginious, path, cellId);
    };
    app.commands.addCommand(Commands.submitCell, {
      label: ({ toolbar }) => (toolbar ? t.submit : lab.submitCell),
      caption: lab.submitCell,
      icon: inginiousIcon,
      isVisible: ({ toolbar }) => !toolbar || activeAnswer() !== null,
      execute: guided(
        app,
        inginious,
        ofCell(async (panel) => {
          await inginious.answers(panel).opened();
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
        async (args) => {
          const panel = notebookOf(args);
          if (!panel) return "notebook";
          const views = await inginious.answers(panel).opened();
          if (!views.length) return "answers";
          return views.every(({ controller }) => controller.busy) ? "underWay" : null;
        },
        async (args) => {
          const panel = notebookOf(args);
          if (panel) {
            const { submitAll } = await loadDialogs();
            await submitAll(inginious, inginious.answers(panel), host.goTo);
          }
        },
      ),
    });
    // What was clicked in its editor for the context menu is not the active cell.
    const cellMeant = ({ clicked }: { clicked?: unknown }) => {
      const isCell = ({ classList }: HTMLElement) => classList.contains("jp-Cell");
      const at = clicked ? (app.contextMenuHitTest(isCell) ?? null) : null;
      const panel = notebooks.find(({ node }) => node.contains(at)) ?? notebooks.currentWidget;
      const cell = panel?.content.widgets.find(({ node }) => node === at) ?? notebooks.activeCell;
      return panel && cell ? { panel, cell } : null;
    };
    app.commands.addCommand(Commands.useAsAnswer, {
      label: lab.useAs,
      icon: inginiousIcon,
      execute: guided(
        app,
        inginious,
        (args) => {
          if (!notebooks.currentWidget) return "notebook";
          if (!cellMeant(args)) return "cell";
          return inginious.socket.tasks.length ? null : "course";
        },
        async (args) => {
          const meant = cellMeant(args);
          if (!meant) return;
          const { notebook } = inginious.answers(meant.panel);
          const { chooseProblem } = await loadDialogs();
          const chosen = await chooseProblem(inginious, app.shell);
          if (!chosen) return;
          const { id } = meant.cell.model;
          notebook.useAsAnswer(id, chosen, chosen.problemId);
          await notebook.reveal(id); // the focus has been in the menu and in the dialog
        },
      ),
    });
    for (const command of [Commands.submitCell, Commands.submitAll, Commands.useAsAnswer]) {
      palette?.addItem({ command, category: PALETTE_CATEGORY });
    }
    const host: Host = {
      user: () => personHere(app, inginious),
      isOpen: (path) => openedAt(path) !== undefined,
      goTo: (path, cellId) => void goToCell(path, cellId),
    };
    const activeChanged = () => app.commands.notifyCommandChanged(Commands.submitCell);
    notebooks.activeCellChanged.connect(activeChanged);
    const follow = (panel: NotebookPanel) => {
      const found = inginious.answers(panel);
      followNotebook(inginious, found, host);
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
