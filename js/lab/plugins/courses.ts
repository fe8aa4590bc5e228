import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin,
} from "@jupyterlab/application";
import { ICommandPalette } from "@jupyterlab/apputils";
import { IDocumentManager } from "@jupyterlab/docmanager";
import { FileDialog, IDefaultFileBrowser } from "@jupyterlab/filebrowser";
import { ILauncher } from "@jupyterlab/launcher";
import { ITranslator, nullTranslator } from "@jupyterlab/translation";
import { PanelLayout, Widget } from "@lumino/widgets";
import { pathOnDrive } from "../drive_path.ts";
import { guided } from "../guided.ts";
import { courseIcon, demoIcon, inginiousIcon } from "../icon.ts";
import { titled } from "../language.ts";
import { settled } from "../settled.ts";
import { answered } from "../telling.ts";
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
    sidebar.title.caption = titled(lab.courses, inginious.language);
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
  requires: [IInginious, IDocumentManager],
  optional: [ILauncher, ICommandPalette, IDefaultFileBrowser, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    inginious: IInginious,
    documents: IDocumentManager,
    launcherOfHost: ILauncher | null,
    palette: ICommandPalette | null,
    browser: IDefaultFileBrowser | null,
    translator: ITranslator | null,
  ) => {
    const { socket, language } = inginious;
    const { lab } = language;
    const { contents } = app.serviceManager;
    const current = (cwd: unknown) => (typeof cwd === "string" ? cwd : (browser?.model.path ?? ""));
    const nothing = () => null;
    app.commands.addCommand(Commands.demo, {
      label: lab.tryDemo,
      caption: lab.tryDemoCaption,
      icon: demoIcon,
      execute: guided(app, inginious, nothing, async ({ cwd }) => {
        const here = current(cwd);
        const target = [contents.localPath(here), DEMO_FOLDER].filter(Boolean).join("/");
        const reply = await answered(lab.tryDemo, socket.ask("demo", { folder: target }), language);
        if (!reply) return;
        const path = pathOnDrive(contents, here, reply.path);
        await app.commands.execute("docmanager:open", { path });
        await app.commands.execute(Commands.showCourses, { focus: false }); // it is in the notebook
      }),
    });
    app.commands.addCommand(Commands.openCourse, {
      label: lab.openCourse,
      caption: lab.openCourseCaption,
      icon: courseIcon,
      execute: guided(app, inginious, nothing, async ({ cwd }) => {
        const chosen = await FileDialog.getExistingDirectory({
          manager: documents,
          title: lab.openCourseTitle,
          label: lab.openCourseCaption,
          defaultPath: current(cwd),
          translator: translator ?? nullTranslator,
        });
        const path = chosen.button.accept ? chosen.value?.[0]?.path : undefined;
        if (path === undefined) return;
        const folder = contents.localPath(path);
        const asked = socket.ask("openCourse", { folder });
        if (await answered(lab.openCourseTitle, asked, language))
          await app.commands.execute(Commands.showCourses);
      }),
    });
    for (const [rank, command] of [Commands.demo, Commands.openCourse].entries()) {
      launcherOfHost?.add({ command, category: "INGInious", rank });
      palette?.addItem({ command, category: PALETTE_CATEGORY });
    }
  },
};
