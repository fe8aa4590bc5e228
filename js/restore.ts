// Restores the widgets of a notebook that was opened again: a model without a view, made when the
// extension is loaded. It tells the kernel which widgets the notebook's outputs name and the page
// does not show; the kernel makes them under their old ids, and their outputs are shown again.
import type { Model, WidgetManager } from "./model.ts";
import { findNotebook } from "./notebook/find.ts";
import type { Notebook } from "./notebook/notebook.ts";
import { rememberSession } from "./notebook/pages.ts";
import { savedViews } from "./notebook/saved_views.ts";
import { PROTOCOL_VERSION, type RestoreKind } from "./protocol/common.ts";
import type { SavedView } from "./protocol/task.ts";
import { uniqueId } from "./unique_id.ts";

/** So many in one message: the kernel serves cells in between. */
const BATCH = 20;

/** How long the page may take to learn which widgets the kernel has; it may never succeed. */
const RESTORED_TIMEOUT_MS = 5000;

/** JupyterLab looks for the widget of an output for two seconds, and may miss one that comes late. */
const SEARCH_TIMEOUT_MS = 2500;

/** How JupyterLab marks an output whose widget it did not find: a text without elements. */
const FAILED_OUTPUT = ".jp-OutputArea-output.jupyter-widgets:not(:has(*))";

const FROM_KERNEL = { loadKernel: true, loadNotebook: false };

interface Props {
  model: Model;
  signal?: AbortSignal;
}

interface Restored {
  kind?: RestoreKind;
  /** Of the request that it answers, which may be another page's. */
  id?: string;
  model_ids?: string[];
}

function initialize({ model, signal }: Props): void {
  // That this page makes widgets at all; a kernel that hears nothing shows text.
  model.send({ v: PROTOCOL_VERSION, kind: "made" satisfies RestoreKind });
  const manager = model.widget_manager;
  const notebook = findNotebook(model);
  rememberSession(manager?.kernel?.clientId, notebook);
  if (!manager?.has_model || !notebook) return;
  const wanted = new Set<string>();
  const answered = new Map<string, () => void>();
  const show = async (modelIds: string[]) => {
    // The kernel told the page of them before; where that was lost, the page asks.
    if (!modelIds.every((id) => manager.has_model?.(id)))
      await manager.restoreWidgets?.(manager.context?.model, FROM_KERNEL);
    notebook.showAgain(new Set(modelIds));
  };
  const receive = ({ kind, id = "", model_ids = [] }: Restored) => {
    if (kind !== "restored") return;
    // Every page hears of what any page restored; each shows what it lacks, and that once.
    const here = model_ids.filter((modelId) => wanted.delete(modelId));
    if (here.length) void show(here);
    answered.get(id)?.();
  };
  model.on("msg:custom", receive);
  signal?.addEventListener("abort", () => model.off("msg:custom", receive), { once: true });

  const restore = async () => {
    const missing = await viewsMissing(manager, notebook);
    for (const { model_id } of missing) wanted.add(model_id);
    for (let start = 0; start < missing.length; start += BATCH) {
      const batch = missing.slice(start, start + BATCH);
      const widgets = batch.filter(({ model_id }) => wanted.has(model_id));
      if (signal?.aborted) return;
      if (!widgets.length) continue;
      const id = uniqueId();
      const answer = new Promise<void>((resolve) => answered.set(id, resolve));
      model.send({ v: PROTOCOL_VERSION, kind: "restore" satisfies RestoreKind, id, widgets });
      await answer;
      for (const { model_id } of widgets) wanted.delete(model_id); // what was refused, too
    }
    await delay(SEARCH_TIMEOUT_MS);
    if (signal?.aborted || !document.querySelector(FAILED_OUTPUT)) return;
    const missed = await viewsMissed(manager, notebook);
    if (missed.size) notebook.showAgain(missed);
  };
  void restore();
}

/** The saved views that the page cannot show. */
async function viewsMissing(manager: WidgetManager, notebook: Notebook): Promise<SavedView[]> {
  const wasRestored = manager.restoredStatus !== false;
  await restored(manager);
  const missing = new Map<string, SavedView>();
  for (const view of savedViews(notebook)) {
    const id = view.model_id;
    // In a page that was there before, another page may have been faster: known, but not shown.
    const shown = manager.has_model?.(id) && !(wasRestored && (await hasNoView(manager, id)));
    if (!shown) missing.set(id, view);
  }
  return [...missing.values()];
}

/** The widgets that the page knows by now, though no output shows them. */
async function viewsMissed(manager: WidgetManager, notebook: Notebook): Promise<Set<string>> {
  const missed = new Set<string>();
  for (const { model_id } of savedViews(notebook))
    if (manager.has_model?.(model_id) && (await hasNoView(manager, model_id))) missed.add(model_id);
  return missed;
}

async function hasNoView(manager: WidgetManager, modelId: string): Promise<boolean> {
  const views = (await manager.get_model?.(modelId))?.views;
  return views !== undefined && Object.keys(views).length === 0;
}

/** Settled when the page knows all widgets of the kernel, which after a reload takes a moment. */
function restored(manager: WidgetManager): Promise<void> {
  return new Promise((resolve) => {
    if (manager.restoredStatus !== false || !manager.restored) resolve();
    else {
      manager.restored.connect(() => resolve());
      void delay(RESTORED_TIMEOUT_MS).then(resolve);
    }
  });
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export default { initialize };
