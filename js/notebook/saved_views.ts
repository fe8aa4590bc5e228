// The widgets that a saved notebook's outputs name. Python has put beside each what it is about
// (task_widget.py), and the static snapshot that follows it tells which result it showed.

import type { SavedView, Subject } from "../protocol/task.ts";
import { resultOf, snapshotClass } from "../snapshot.ts";
import type { OutputModel } from "./context.ts";
import type { Notebook } from "./notebook.ts";

export const VIEW_TYPE = "application/vnd.jupyter.widget-view+json";
const METADATA = "inginious";

export function savedViews(notebook: Notebook): SavedView[] {
  return notebook.outputs().flatMap((outputs) =>
    outputs.flatMap((output) => {
      const model_id = modelId(output);
      const about = output.metadata?.[METADATA] as Subject | undefined;
      if (!model_id || typeof about?.widget !== "string") return [];
      const marker = snapshotClass(about.widget);
      const html = outputs.map(htmlOf).find((text) => text.includes(marker)) ?? "";
      return [{ model_id, subject: { ...about, submission: resultOf(html) } }];
    }),
  );
}

/** The widget that an output shows, empty if it shows none. */
export function modelId(output: OutputModel): string {
  const view = output.data[VIEW_TYPE] as { model_id?: unknown } | undefined;
  return typeof view?.model_id === "string" ? view.model_id : "";
}

export function htmlOf(output: OutputModel): string {
  return String(output.data["text/html"] ?? "");
}
