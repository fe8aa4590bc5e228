import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin,
} from "@jupyterlab/application";
import { ICommandPalette, WidgetTracker } from "@jupyterlab/apputils";
import { IDefaultFileBrowser } from "@jupyterlab/filebrowser";
import { ILauncher } from "@jupyterlab/launcher";
import type { Widget } from "@lumino/widgets";
import { inginiousIcon } from "../icon.ts";
import { Commands, IInginious, PALETTE_CATEGORY } from "../tokens.ts";

const RANK = 2; // after the demo and the courses

export const authoring: JupyterFrontEndPlugin<void> = {
  id: "inginious-nb:authoring",
  description: "For teachers: makes a task, shows a class.",
  autoStart: true,
  requires: [IInginious],
  optional: [ILauncher, ICommandPalette, IDefaultFileBrowser, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    inginious: IInginious,
    launcher: ILauncher | null,
    palette: ICommandPalette | null,
    browser: IDefaultFileBrowser | null,
    restorer: ILayoutRestorer | null,
  ) => {
    const { lab } = inginious.language;
    app.commands.addCommand(Commands.newTask, {
      label: lab.newTask,
      caption: lab.newTaskCaption,
      icon: inginiousIcon,
      execute: async ({ cwd }) => {
        const here = typeof cwd === "string" ? cwd : (browser?.model.path ?? "");
        const { contents } = app.serviceManager;
        const { makeTask } = await import(/* webpackChunkName: "new-task" */ "../new_task.ts");
        const path = await makeTask(inginious, contents.localPath(here));
        if (path === null) return;
        const drive = contents.driveName(here);
        await app.commands.execute("docmanager:open", { path: drive ? `${drive}:${path}` : path });
      },
    });
    const classes = new WidgetTracker({ namespace: "inginious-class" });
    const folder = ({ node }: Widget) => node.dataset.folder ?? "";
    app.commands.addCommand(Commands.openClass, {
      label: lab.openClass,
      icon: inginiousIcon,
      execute: async (args) =>
        (await import(/* webpackChunkName: "class" */ "../class_tab.ts")).openClass(
          app,
          inginious,
          browser,
          classes,
          args,
        ),
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
