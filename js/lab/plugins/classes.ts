import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette } from "@jupyterlab/apputils";
import { IDocumentManager } from "@jupyterlab/docmanager";
import { FileDialog, IDefaultFileBrowser } from "@jupyterlab/filebrowser";
import { inginiousIcon } from "../icon.ts";
import { LazyItem } from "../lazy_item.ts";
import { Commands, IInginious, PALETTE_CATEGORY } from "../tokens.ts";

export const classes: JupyterFrontEndPlugin<void> = {
  id: "inginious-nb:classes",
  description: "The notebooks of a class, graded live: from the palette, or a folder's menu.",
  autoStart: true,
  requires: [IInginious],
  optional: [ICommandPalette, IDefaultFileBrowser, IDocumentManager],
  activate: (
    app: JupyterFrontEnd,
    inginious: IInginious,
    palette: ICommandPalette | null,
    browser: IDefaultFileBrowser | null,
    documents: IDocumentManager | null,
  ) => {
    const { lab } = inginious.language;
    const { contents } = app.serviceManager;
    let made = 0;
    const chosen = async (): Promise<string | undefined> => {
      if (!documents) return undefined;
      const { button, value } = await FileDialog.getExistingDirectory({
        manager: documents,
        title: lab.openClassTitle,
        defaultPath: browser?.model.path ?? "",
      });
      return button.accept ? value?.[0]?.path : undefined;
    };
    app.commands.addCommand(Commands.openClass, {
      label: lab.openClass,
      caption: lab.openClassCaption,
      icon: inginiousIcon,
      execute: async ({ path, selected }) => {
        const item = selected ? [...(browser?.selectedItems() ?? [])][0] : undefined;
        const folder = typeof path === "string" ? path : (item?.path ?? (await chosen()));
        if (folder === undefined) return;
        const local = contents.localPath(folder);
        const { classWidget } = await import(/* webpackChunkName: "class" */ "../class_ui.tsx");
        const panel = new LazyItem();
        panel.id = `inginious-class-${made++}`;
        panel.addClass("inginious-class-panel");
        panel.title.label = local.split("/").pop() || lab.openClass;
        panel.title.caption = local;
        panel.title.icon = inginiousIcon;
        panel.title.closable = true;
        panel.fill(classWidget(inginious, local));
        app.shell.add(panel, "main");
        app.shell.activateById(panel.id);
      },
    });
    palette?.addItem({ command: Commands.openClass, category: PALETTE_CATEGORY });
  },
};
