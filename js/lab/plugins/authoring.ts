import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette } from "@jupyterlab/apputils";
import { IDefaultFileBrowser } from "@jupyterlab/filebrowser";
import { ILauncher } from "@jupyterlab/launcher";
import { inginiousIcon } from "../icon.ts";
import { Commands, IInginious, PALETTE_CATEGORY } from "../tokens.ts";

const RANK = 2; // after the demo and the courses

export const authoring: JupyterFrontEndPlugin<void> = {
  id: "inginious-nb:authoring",
  description: "For teachers: makes a task, shows a class.",
  autoStart: true,
  requires: [IInginious],
  optional: [ILauncher, ICommandPalette, IDefaultFileBrowser],
  activate: (
    app: JupyterFrontEnd,
    inginious: IInginious,
    launcher: ILauncher | null,
    palette: ICommandPalette | null,
    browser: IDefaultFileBrowser | null,
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
    app.commands.addCommand(Commands.openClass, {
      label: lab.openClass,
      icon: inginiousIcon,
      execute: async (args) =>
        (await import(/* webpackChunkName: "class" */ "../class_tab.ts")).openClass(
          app,
          inginious,
          browser,
          args,
        ),
    });
    launcher?.add({ command: Commands.newTask, category: "INGInious", rank: RANK });
    for (const command of [Commands.newTask, Commands.openClass])
      palette?.addItem({ command, category: PALETTE_CATEGORY });
  },
};
