import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin,
} from "@jupyterlab/application";
import { ICommandPalette, Notification } from "@jupyterlab/apputils";
import { IDocumentManager } from "@jupyterlab/docmanager";
import { FileDialog, IDefaultFileBrowser } from "@jupyterlab/filebrowser";
import { ILauncher } from "@jupyterlab/launcher";
import { PanelLayout, Widget } from "@lumino/widgets";
import { courseIcon, demoIcon, inginiousIcon } from "../icon.ts";
import { settled } from "../settled.ts";
import { Commands, IInginious, PALETTE_CATEGORY } from "../tokens.ts";

const SIDEBAR_ID = "inginious-courses";
const DEMO_FOLDER = "inginious-demo";

export const courses: JupyterFrontEndPlugin<void> = {
  id: "inginious-nb:courses",
  description: "The courses and their tasks in the left sidebar.",
  autoStart: true,
  requires: [IInginious],
  optional: [ICommandPalette, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    inginious: IInginious,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
  ) => {
    const { lab } = inginious.language;
    const sidebar = new Widget();
    sidebar.id = SIDEBAR_ID;
    sidebar.addClass("inginious-courses-panel");
    sidebar.title.icon = inginiousIcon;
    sidebar.title.caption = `INGInious: ${lab.courses}`;
    const layout = new PanelLayout();
    sidebar.layout = layout;
    app.shell.add(sidebar, "left", { rank: 600 });
    restorer?.add(sidebar, SIDEBAR_ID);
    void settled(app).then(async () => {
      const { coursesWidget } = await import("../ui.tsx");
      layout.addWidget(
        coursesWidget(inginious, {
          openTask: (ref) => void app.commands.execute(Commands.openTask, { ref }),
          openCourse: () => void app.commands.execute(Commands.openCourse),
          tryDemo: () => void app.commands.execute(Commands.demo),
          signIn: () => void app.commands.execute(Commands.signIn),
        }),
      );
    });
    app.commands.addCommand(Commands.showCourses, {
      label: lab.showCourses,
      icon: inginiousIcon,
      execute: ({ focus = true }) => {
        app.shell.activateById(SIDEBAR_ID);
        // Not before the palette has given the focus back.
        if (focus)
          setTimeout(() => sidebar.node.querySelector<HTMLElement>("input, button")?.focus());
      },
    });
    palette?.addItem({ command: Commands.showCourses, category: PALETTE_CATEGORY });
  },
};

export const launcher: JupyterFrontEndPlugin<void> = {
  id: "inginious-nb:launcher",
  description: "The cards of the launcher: try the demo, open a course.",
  autoStart: true,
  requires: [IInginious],
  optional: [ILauncher, ICommandPalette, IDefaultFileBrowser, IDocumentManager],
  activate: (
    app: JupyterFrontEnd,
    { socket, language }: IInginious,
    launcherOfHost: ILauncher | null,
    palette: ICommandPalette | null,
    browser: IDefaultFileBrowser | null,
    documents: IDocumentManager | null,
  ) => {
    const { lab } = language;
    const { contents } = app.serviceManager;
    // With collaboration a path begins with the name of its drive, which the server does not know.
    const current = (cwd: unknown) => (typeof cwd === "string" ? cwd : (browser?.model.path ?? ""));
    app.commands.addCommand(Commands.demo, {
      label: lab.tryDemo,
      caption: lab.tryDemoCaption,
      icon: demoIcon,
      execute: async ({ cwd }) => {
        const here = current(cwd);
        const target = [contents.localPath(here), DEMO_FOLDER].filter(Boolean).join("/");
        const reply = await said(socket.ask("demo", { folder: target }), language);
        if (!reply) return;
        const drive = contents.driveName(here);
        const path = drive ? `${drive}:${reply.path}` : reply.path;
        await app.commands.execute("docmanager:open", { path });
        await app.commands.execute(Commands.showCourses, { focus: false }); // it is in the notebook
      },
    });
    app.commands.addCommand(Commands.openCourse, {
      label: lab.openCourse,
      caption: lab.openCourseCaption,
      icon: courseIcon,
      isVisible: () => documents !== null,
      execute: async ({ cwd }) => {
        if (!documents) return;
        const chosen = await FileDialog.getExistingDirectory({
          manager: documents,
          title: lab.openCourseTitle,
          defaultPath: current(cwd),
        });
        const path = chosen.button.accept ? chosen.value?.[0]?.path : undefined;
        if (path === undefined) return;
        const reply = await said(
          socket.ask("openCourse", { folder: contents.localPath(path) }),
          language,
        );
        if (reply) await app.commands.execute(Commands.showCourses);
      },
    });
    for (const [rank, command] of [Commands.demo, Commands.openCourse].entries()) {
      launcherOfHost?.add({ command, category: "INGInious", rank });
      palette?.addItem({ command, category: PALETTE_CATEGORY });
    }
  },
};

/** What was answered, or null after the refusal was shown. */
async function said<T>(answer: Promise<T>, { lab }: IInginious["language"]): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    Notification.error(text === "gone" ? lab.gone : text, { autoClose: 10_000 });
    return null;
  }
}
