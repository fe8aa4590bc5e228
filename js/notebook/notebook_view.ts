// JupyterLab's own widget of a notebook, found by way of our views: each stands in an output of it.
// A cell out of view has no DOM (windowing mode "full"), so only that widget can go to it.
import type { WidgetManager } from "../model.ts";
import type { NotebookContext } from "./context.ts";

interface CellView {
  readonly model: { readonly id: string; readonly type: string };
  readonly isHidden?: boolean;
  /** Of headings. */
  headingCollapsed?: boolean;
}

/** A widget of Lumino; a notebook's has the rest as well. */
export interface LuminoWidget {
  readonly node: HTMLElement;
  readonly parent: LuminoWidget | null;
}

export interface NotebookView extends LuminoWidget {
  readonly widgets: readonly CellView[];
  activeCellIndex: number;
  mode: "command" | "edit";
  scrollToItem(index: number, align: "center"): Promise<void>;
  deselectAll?(): void;
  activate?(): void;
}

/** The notebook in which these models are shown, the one around `near` if there are several. */
export async function findNotebookView(
  manager: WidgetManager | undefined,
  modelIds: readonly string[],
  near: Element,
): Promise<NotebookView | null> {
  let found: NotebookView | null = null;
  for (const modelId of modelIds) {
    if (!manager?.has_model?.(modelId)) continue;
    const model = await manager.get_model?.(modelId);
    for (const opened of Object.values(model?.views ?? {})) {
      const notebook = notebookAround((await opened)?.luminoWidget);
      if (notebook?.node.contains(near)) return notebook;
      found ??= notebook;
    }
  }
  return found;
}

/** The document of the notebook around `near`, which is in a view of this model; null for none. */
export async function documentAround(
  manager: WidgetManager | undefined,
  modelId: string,
  near: Element,
): Promise<NotebookContext | null> {
  let widget: LuminoWidget | null = await findNotebookView(manager, [modelId], near);
  for (; widget?.node.contains(near); widget = widget.parent) {
    const { context } = widget as LuminoWidget & { readonly context?: NotebookContext };
    if (context) return context;
  }
  return null;
}

function notebookAround(widget: LuminoWidget | null | undefined): NotebookView | null {
  for (let each = widget; each; each = each.parent) {
    const { scrollToItem, widgets } = each as Partial<NotebookView>;
    if (typeof scrollToItem === "function" && widgets) return each as NotebookView;
  }
  return null;
}

/** Go to a cell as if a person had clicked it, or into it, also below a heading that is folded. */
export async function goToCell(view: NotebookView, cellId: string, into = true): Promise<boolean> {
  const index = view.widgets.findIndex(({ model }) => model.id === cellId);
  const cell = view.widgets[index];
  if (!cell) return false;
  for (let above = index - 1; cell.isHidden && above >= 0; above--) {
    const heading = view.widgets[above];
    if (heading?.headingCollapsed) heading.headingCollapsed = false;
  }
  view.mode = "command";
  view.activeCellIndex = index;
  view.deselectAll?.();
  await view.scrollToItem(index, "center").catch(() => {}); // another click was faster
  view.activate?.();
  if (into && cell.model.type === "code") view.mode = "edit";
  return true;
}
