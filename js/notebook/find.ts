// The one place that looks for the notebook around a widget. JupyterLab's and Notebook 7's widget
// manager offers its document context; a plugin may offer the same through a global, matched by
// kernel. Anything else has no readable notebook, and the kernel falls back by itself.
import type { Model } from "../model.ts";
import type { NotebookContext } from "./context.ts";
import { Notebook } from "./notebook.ts";
import { documentAround } from "./notebook_view.ts";

/** What a plugin may put at `globalThis[Symbol.for("inginious-nb")]`. */
export interface Offer {
  contexts?: Iterable<NotebookContext>;
}

export const OFFER = Symbol.for("inginious-nb");

export function findNotebook(model: Model): Notebook | null {
  const manager = model.widget_manager;
  const contexts = [manager?.context, ...offered(manager?.kernel?.id)];
  const context = contexts.find((candidate) => isNotebook(candidate));
  return context ? new Notebook(context, manager) : null;
}

/**
 * The notebook in which a view of a model stands, null if it stands in none: of several notebooks on
 * one kernel in a page, the manager has the one that was opened first.
 */
export async function findNotebookAround(
  { widget_manager: manager }: Model,
  modelId: string,
  el: HTMLElement,
): Promise<Notebook | null> {
  const context = (await documentAround(manager, modelId, el)) ?? undefined;
  return isNotebook(context) ? new Notebook(context, manager) : null;
}

/**
 * Whether a view stands below a command of a console of JupyterLab. Of the documents of a kernel in a page
 * only the first has its widgets: beside a notebook, the widgets of a console are the notebook's.
 */
export function isInConsole(el: Element): boolean {
  const isForeign = el.closest(".jp-CodeConsole-foreignCell") !== null; // it shows what another one ran
  return !isForeign && el.closest(".jp-CodeConsole") !== null;
}

function offered(kernelId: string | undefined): NotebookContext[] {
  const offer = (globalThis as Record<symbol, unknown>)[OFFER] as Offer | undefined;
  if (!offer?.contexts || !kernelId) return [];
  return [...offer.contexts].filter(
    (context) => context.sessionContext?.session?.kernel?.id === kernelId,
  );
}

function isNotebook(
  context: NotebookContext | undefined,
): context is NotebookContext & { model: { cells: object } } {
  const cells = context?.model?.cells;
  if (typeof cells?.get !== "function" || typeof cells.length !== "number") return false;
  return cells.length === 0 || typeof cells.get(0).sharedModel?.getSource === "function";
}
