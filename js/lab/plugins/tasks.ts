import {
  ILabShell,
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin,
} from "@jupyterlab/application";
import { ICommandPalette, MainAreaWidget, WidgetTracker } from "@jupyterlab/apputils";
import { INotebookTracker, type NotebookPanel } from "@jupyterlab/notebook";
import { guided, told } from "../guided.ts";
import { inginiousIcon } from "../icon.ts";
import { Commands, IInginious, PALETTE_CATEGORY } from "../tokens.ts";

/** In less, two columns could not be read. */
const MIN_SPLIT_PX = 560;
const ID_PREFIX = "inginious-task-";

export const tasks: JupyterFrontEndPlugin<void> = {
  id: "inginious-nb:tasks",
  description: "The statement of a task in a panel beside the notebook that answers it.",
  autoStart: true,
  requires: [IInginious],
  optional: [INotebookTracker, ICommandPalette, ILayoutRestorer, ILabShell],
  activate: (
    app: JupyterFrontEnd,
    inginious: IInginious,
    notebooks: INotebookTracker | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    labShell: ILabShell | null,
  ) => {
    const { socket, language } = inginious;
    const opened = new WidgetTracker<MainAreaWidget>({ namespace: "inginious-task" });
    const open = told(inginious, async (args) => {
      const ref = String(args.ref);
      await import("../ui.tsx"); // the style of all that is shown
      const { taskWidget } = await import(/* webpackChunkName: "statement" */ "../task_ui.tsx");
      const id = ID_PREFIX + ref.replace("/", "-");
      if (!opened.find((widget) => widget.id === id)) {
        const content = taskWidget(inginious, ref, notebooks);
        content.node.dataset.task = ref;
        const panel = new MainAreaWidget({ content });
        panel.id = id;
        panel.title.label = socket.tasks.find((row) => row.ref === ref)?.name ?? ref;
        panel.title.icon = inginiousIcon;
        panel.title.closable = true;
        const { statement } = inginious.settings.get();
        if (labShell && statement !== "sidebar") {
          const mode = statement === "tab" ? "tab-after" : "split-right";
          app.shell.add(panel, "main", place(opened, notebooks?.currentWidget, mode));
        } else app.shell.add(panel, "right");
        await opened.add(panel);
      }
      app.shell.activateById(id);
      // Beside the courses it would be out of the page, or have a few words a line.
      if (window.innerWidth < MIN_SPLIT_PX) collapseLeft(app.shell);
    });
    const choose = guided(
      app,
      inginious,
      () => (socket.tasks.length ? null : "course"),
      async () => {
        const { chooseTask } = await import(/* webpackChunkName: "dialogs" */ "../dialogs.ts");
        const ref = await chooseTask(inginious);
        if (ref) await open({ ref });
      },
    );
    app.commands.addCommand(Commands.openTask, {
      label: language.lab.openTask,
      icon: inginiousIcon,
      execute: (args) => (typeof args.ref === "string" ? open(args) : choose(args)),
    });
    palette?.addItem({ command: Commands.openTask, category: PALETTE_CATEGORY });
    const ref = (widget: MainAreaWidget) => widget.content.node.dataset.task ?? "";
    void restorer?.restore(opened, {
      command: Commands.openTask,
      args: (widget) => ({ ref: ref(widget) }),
      name: ref,
    });
  },
};

/** Notebook 7 has it, too. */
function collapseLeft(shell: object): void {
  (shell as Partial<ILabShell>).collapseLeft?.();
}

/** Beside the notebook, and where another task is, as a tab beside that one. */
function place(
  opened: WidgetTracker<MainAreaWidget>,
  notebook: NotebookPanel | null | undefined,
  mode: "tab-after" | "split-right",
): { mode?: "tab-after" | "split-right"; ref?: string } {
  const other = opened.currentWidget ?? opened.find((widget) => widget.isAttached);
  if (other?.isAttached) return { mode: "tab-after", ref: other.id };
  if (!notebook) return {};
  const isNarrow = notebook.node.clientWidth < MIN_SPLIT_PX;
  return { mode: isNarrow ? "tab-after" : mode, ref: notebook.id };
}
