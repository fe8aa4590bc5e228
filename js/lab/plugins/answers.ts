import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette, IToolbarWidgetRegistry } from "@jupyterlab/apputils";
import { INotebookTracker, type NotebookPanel } from "@jupyterlab/notebook";
import type { Widget } from "@lumino/widgets";
import { followNotebook, type Host } from "../follow_notebook.ts";
import type { Lack } from "../guidance.ts";
import { guidedAt } from "../guided.ts";
import { inginiousIcon } from "../icon.ts";
import { LazyItem } from "../lazy_item.ts";
import { settled } from "../settled.ts";
import { Commands, IInginious, PALETTE_CATEGORY } from "../tokens.ts";

/** The cell that is looked at, and its notebook, null and empty for none. */
interface ActiveCell {
  panel: NotebookPanel | null;
  cellId: string;
}

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
    const activeCell = (): ActiveCell => ({
      panel: notebooks.currentWidget,
      cellId: notebooks.activeCell?.model.id ?? "",
    });
    const answerAt = ({ panel, cellId }: ActiveCell) =>
      panel && inginious.answers(panel).find(cellId);
    type Lacking = Lack | null | Promise<Lack | null>;
    const ofCell =
      (lack: (at: ActiveCell, panel: NotebookPanel) => Lacking) =>
      (at: ActiveCell): Lacking => {
        if (!at.panel) return "notebook";
        return at.cellId ? lack(at, at.panel) : "cell";
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
      isVisible: ({ toolbar }) => !toolbar || answerAt(activeCell()) !== null,
      execute: guidedAt(
        app,
        inginious,
        activeCell,
        ofCell(async (at, panel) => {
          await inginious.answers(panel).opened();
          const answer = answerAt(at);
          if (!answer) return "answer";
          return answer.view.controller.busy ? "underWay" : null;
        }),
        (at) => answerAt(at)?.view.controller.submit(),
      ),
    });
    // In a split view a button may be pressed beside the notebook that was looked at last.
    const notebookOf = ({ id }: { id?: unknown }) =>
      notebooks.find((panel) => panel.id === id) ?? notebooks.currentWidget;
    app.commands.addCommand(Commands.submitAll, {
      label: lab.submitAll,
      caption: lab.submitAllCaption,
      icon: inginiousIcon,
      execute: guidedAt(
        app,
        inginious,
        notebookOf,
        async (panel) => {
          if (!panel) return "notebook";
          const views = await inginious.answers(panel).opened();
          if (!views.length) return "answers";
          return views.every(({ controller }) => controller.busy) ? "underWay" : null;
        },
        async (panel) => {
          if (!panel) return;
          const { submitAll } = await loadDialogs();
          await submitAll(inginious, inginious.answers(panel), host.goTo);
        },
      ),
    });
    // What was clicked in its editor for the context menu is not the active cell.
    const cellMeant = ({ clicked }: { clicked?: unknown }): ActiveCell => {
      const isCell = ({ classList }: HTMLElement) => classList.contains("jp-Cell");
      const at = clicked ? (app.contextMenuHitTest(isCell) ?? null) : null;
      const panel = notebooks.find(({ node }) => node.contains(at)) ?? notebooks.currentWidget;
      const cell = panel?.content.widgets.find(({ node }) => node === at) ?? notebooks.activeCell;
      return { panel, cellId: cell?.model.id ?? "" };
    };
    app.commands.addCommand(Commands.useAsAnswer, {
      label: lab.useAs,
      icon: inginiousIcon,
      execute: guidedAt(
        app,
        inginious,
        cellMeant,
        ofCell(() => (inginious.socket.tasks.length ? null : "course")),
        async ({ panel, cellId }) => {
          if (!panel) return;
          const { notebook } = inginious.answers(panel);
          const { chooseProblem } = await loadDialogs();
          const chosen = await chooseProblem(inginious, app.shell);
          if (!chosen || !notebook.has(cellId)) return;
          notebook.useAsAnswer(cellId, chosen, chosen.problemId);
          await notebook.reveal(cellId); // the focus has been in the menu and in the dialog
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
