// The widgets that a saved notebook's outputs name. Python has put beside each what it is about
// (task_widget.py), and the static snapshot that follows it tells which result it showed.

import type { SavedView, Subject } from "../protocol/task.ts";
import { resultOf, snapshotClass } from "../snapshot.ts";
import type { OutputModel } from "./context.ts";
import type { Notebook } from "./notebook.ts";

export const VIEW_TYPE = "application/vnd.jupyter.widget-view+json";
const METADATA = "inginious";
const MAX_CHARS = 1000;

export function savedViews(notebook: Notebook): SavedView[] {
  return notebook.outputs().flatMap((outputs) =>
    outputs.flatMap((output) => {
      const model_id = modelId(output);
      const about = subjectOf(output);
      if (!model_id || !about) return [];
      const marker = snapshotClass(about.widget);
      const html = outputs.map(htmlOf).find((text) => text.includes(marker)) ?? "";
      return [{ model_id, subject: { ...about, submission: resultOf(html) } }];
    }),
  );
}

/** What an output says that its view is about, null if it is none of ours: anybody may have written it. */
function subjectOf({ metadata }: OutputModel): Omit<Subject, "submission"> | null {
  const said = (metadata?.[METADATA] ?? {}) as Readonly<Record<string, unknown>>;
  const { widget, task = "", role = "", problem_id = "" } = said;
  const texts = [widget, task, role, problem_id];
  // A server closes the connection of a page that sends too much at once.
  if (!texts.every((text) => typeof text === "string" && text.length <= MAX_CHARS)) return null;
  return { widget, task, role, problem_id } as Omit<Subject, "submission">;
}

/** The widget that an output shows, empty if it shows none. */
export function modelId(output: OutputModel): string {
  const view = output.data[VIEW_TYPE] as { model_id?: unknown } | undefined;
  return typeof view?.model_id === "string" ? view.model_id : "";
}

export function htmlOf(output: OutputModel): string {
  const html = output.data["text/html"];
  return typeof html === "string" ? html : "";
}
