// A class in a tab of its own: the folder that was chosen in the menu, or in a dialog.
import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { WidgetTracker } from "@jupyterlab/apputils";
import type { IDocumentManager } from "@jupyterlab/docmanager";
import { FileDialog, type IDefaultFileBrowser } from "@jupyterlab/filebrowser";
import type { ITranslator } from "@jupyterlab/translation";
import { uniqueId } from "../unique_id.ts";
import { folderOfClass, showClass } from "./class_ui.tsx";
import { inginiousIcon } from "./icon.ts";
import { Panel } from "./preact_widget.ts";
import type { IInginious } from "./tokens.ts";

export interface Host {
  browser: IDefaultFileBrowser | null;
  documents: IDocumentManager;
  translator: ITranslator;
}

interface Args {
  /** The folder. */
  path?: unknown;
}

export async function openClass(
  app: JupyterFrontEnd,
  inginious: IInginious,
  { browser, documents, translator }: Host,
  opened: WidgetTracker,
  { path }: Args,
): Promise<void> {
  const chosen = async () => {
    const { button, value } = await FileDialog.getExistingDirectory({
      manager: documents,
      title: folderOfClass(inginious.language),
      defaultPath: browser?.model.path ?? "",
      translator,
    });
    return button.accept ? value?.[0]?.path : undefined;
  };
  const folder = typeof path === "string" ? path : await chosen();
  if (folder === undefined) return;
  const local = app.serviceManager.contents.localPath(folder);
  const shown = opened.find(({ node }) => node.dataset.folder === local);
  if (shown) {
    app.shell.activateById(shown.id);
    return;
  }
  const panel = new Panel();
  panel.node.tabIndex = -1;
  panel.node.dataset.folder = local;
  panel.id = `inginious-class-${uniqueId()}`;
  panel.addClass("inginious-class-panel");
  panel.title.label = local.split("/").pop() || inginious.language.lab.openClass;
  panel.title.caption = local;
  panel.title.icon = inginiousIcon;
  panel.title.closable = true;
  const close = showClass(inginious, local, panel.node);
  panel.disposed.connect(close);
  app.shell.add(panel, "main");
  await opened.add(panel);
  app.shell.activateById(panel.id);
}
