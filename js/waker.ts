// Wakes the widgets of a notebook that was opened again: a model without a view, made when the
// extension is loaded. It tells the kernel which widgets the notebook's outputs name and the page
// does not know; the kernel makes them under their old ids, and their outputs are shown again.
import type { Model, WidgetManager } from "./model.ts";
import { findNotebook } from "./notebook/find.ts";
import { savedViews } from "./notebook/views.ts";
import { PROTOCOL_VERSION, type WakerKind } from "./protocol.ts";

interface Props {
  model: Model;
  signal?: AbortSignal;
}

interface Woken {
  kind?: WakerKind;
  model_ids?: string[];
}

function initialize({ model, signal }: Props): void {
  const manager = model.widget_manager;
  const notebook = findNotebook(model);
  if (!manager?.has_model || !notebook) return;
  const receive = (message: Woken) => {
    if (message.kind === "woken") notebook.showAgain(new Set(message.model_ids));
  };
  model.on("msg:custom", receive);
  signal?.addEventListener("abort", () => model.off("msg:custom", receive), { once: true });
  void restored(manager).then(() => {
    const widgets = savedViews(notebook).filter(({ model_id }) => !manager.has_model?.(model_id));
    if (signal?.aborted || !widgets.length) return;
    model.send({ v: PROTOCOL_VERSION, kind: "wake" satisfies WakerKind, widgets });
  });
}

/** Settled when the page knows all widgets of the kernel, which after a reload takes a moment. */
function restored(manager: WidgetManager): Promise<void> {
  return new Promise((resolve) => {
    if (manager.restoredStatus !== false || !manager.restored) resolve();
    else manager.restored.connect(() => resolve());
  });
}

export default { initialize };
