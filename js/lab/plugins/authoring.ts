import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin,
} from "@jupyterlab/application";
import { ICommandPalette, WidgetTracker } from "@jupyterlab/apputils";
import { IDocumentManager } from "@jupyterlab/docmanager";
import { IDefaultFileBrowser } from "@jupyterlab/filebrowser";
import { ILauncher } from "@jupyterlab/launcher";
import { ITranslator, nullTranslator } from "@jupyterlab/translation";
import type { Widget } from "@lumino/widgets";
import { guided, told } from "../guided.ts";
import { inginiousIcon } from "../icon.ts";
import { Commands, IInginious, PALETTE_CATEGORY } from "../tokens.ts";

const RANK = 2; // after the demo and the courses

export const authoring: JupyterFrontEndPlugin<void> = {
  id: "inginious-nb:authoring",
  description: "For teachers: makes a task, shows a class.",
  autoStart: true,
  requires: [IInginious, IDocumentManager],
  optional: [ILauncher, ICommandPalette, IDefaultFileBrowser, ILayoutRestorer, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    inginious: IInginious,
    documents: IDocumentManager,
    launcher: ILauncher | null,
    palette: ICommandPalette | null,
    browser: IDefaultFileBrowser | null,
    restorer: ILayoutRestorer | null,
    translator: ITranslator | null,
  ) => {
    const { lab } = inginious.language;
    app.commands.addCommand(Commands.newTask, {
      label: lab.newTask,
      caption: lab.newTaskCaption,
      icon: inginiousIcon,
      execute: guided(
        app,
        inginious,
        () => null,
        async ({ cwd }) => {
          const here = typeof cwd === "string" ? cwd : (browser?.model.path ?? "");
          const { makeTask } = await import(/* webpackChunkName: "new-task" */ "../new_task.ts");
          await makeTask(app, inginious, here);
        },
      ),
    });
    const classes = new WidgetTracker({ namespace: "inginious-class" });
    const folder = ({ node }: Widget) => node.dataset.folder ?? "";
    const host = { browser, documents, translator: translator ?? nullTranslator };
    const show = told(inginious, async (args) => {
      const { openClass } = await import(/* webpackChunkName: "class" */ "../class_tab.ts");
      await openClass(app, inginious, host, classes, args);
    });
    const choose = guided(app, inginious, () => null, show);
    const selected = () => [...(browser?.selectedItems() ?? [])][0]?.path;
    app.commands.addCommand(Commands.openClass, {
      label: lab.openClass,
      icon: inginiousIcon,
      // What is selected when the command is given, whatever is selected once the server answers.
      execute: (args) => {
        if (typeof args.path === "string") return show(args);
        const path = args.selected ? selected() : undefined;
        return choose(path === undefined ? {} : { path });
      },
    });
    void restorer?.restore(classes, {
      command: Commands.openClass,
      args: (panel) => ({ path: folder(panel) }),
      name: folder,
    });
    launcher?.add({ command: Commands.newTask, category: "INGInious", rank: RANK });
    for (const command of [Commands.newTask, Commands.openClass])
      palette?.addItem({ command, category: PALETTE_CATEGORY });
  },
};
