// The live notebook: cells as they are now, unsaved edits and cells out of view included. What a
// cell means is decided in Python (cells.py); here tags are only read and written.
import type { WidgetManager } from "../model.ts";
import type { CellInfo } from "../protocol/task_requests.ts";
import type { CellList, CellModel, NotebookContext, OutputModel } from "./context.ts";
import { withBody } from "./magic.ts";
import { findNotebookView, goToCell } from "./notebook_view.ts";
import { htmlOf, modelId } from "./saved_views.ts";

export const TAG_PREFIX = "inginious:";

export class Notebook {
  readonly #context: NotebookContext;
  readonly #manager: WidgetManager | undefined;

  constructor(context: NotebookContext, manager?: WidgetManager) {
    this.#context = context;
    this.#manager = manager;
  }

  /** Where the notebook is, empty if the host does not tell. */
  get path(): string {
    return this.#context.path ?? "";
  }

  /** The same without the name of a drive, which its server does not know. */
  get localPath(): string {
    return this.#context.localPath ?? this.path;
  }

  /** Whether other pages edit this very document, so that all show the same. */
  get isShared(): boolean {
    return this.#context.model?.collaborative === true;
  }

  /** How it calls itself in the header of each message to its kernel, if the host tells. */
  get session(): string | undefined {
    return this.#context.sessionContext?.session?.kernel?.clientId;
  }

  /** Whether it is the same document, not another one on the same kernel. */
  is(other: Notebook | null): boolean {
    return other !== null && this.#context === other.#context;
  }

  has(cellId: string): boolean {
    return this.#find(cellId) !== undefined;
  }

  cells(): CellInfo[] {
    return this.#models().map((cell) => ({
      id: cell.id,
      cell_type: cell.type,
      source: cell.sharedModel.getSource(),
      execution_count: cell.executionCount ?? null,
      metadata: { tags: tagsOf(cell) },
    }));
  }

  /** Call back when a cell is edited, tagged, moved, added or removed. */
  onChange(callback: () => void, signal: AbortSignal): void {
    const model = this.#context.model;
    // The model's own signal covers every cell, also those added later.
    const signals = [model?.contentChanged, model?.cells?.changed];
    for (const change of signals) {
      change?.connect(callback);
      signal.addEventListener("abort", () => change?.disconnect(callback), { once: true });
    }
  }

  /** Tie a problem to one cell and to no other, by tags in the live notebook; null unties it. */
  tie(reference: string, cellId: string | null, isTie: (tag: string) => boolean): void {
    for (const cell of this.#models()) {
      const tags = tagsOf(cell);
      const rest = tags.filter((tag) => !isTie(tag));
      const wanted = cell.id === cellId ? [...rest, TAG_PREFIX + reference] : rest;
      if (wanted.join("\n") !== tags.join("\n")) setTags(cell, wanted);
    }
  }

  /** Make text the answer of these cells: the first gets all of it. Undoable like typing. */
  setAnswer(cellIds: readonly string[], text: string): void {
    cellIds.forEach((id, index) => {
      const shared = this.#find(id)?.sharedModel;
      if (!shared) return;
      const body = index === 0 ? text : "";
      const isCode = this.#find(id)?.type === "code";
      shared.setSource(isCode ? withBody(shared.getSource(), body) : body);
    });
  }

  /** The outputs of each cell. */
  outputs(): OutputModel[][] {
    return this.#models().map(({ outputs }) =>
      Array.from({ length: outputs?.length ?? 0 }, (_, index) => outputs?.get(index)).filter(
        (output): output is OutputModel => output !== undefined,
      ),
    );
  }

  /** Show the outputs of these widgets anew: the page tried before it knew them. */
  showAgain(modelIds: ReadonlySet<string>): void {
    for (const { outputs } of this.#models()) {
      for (let index = 0; index < (outputs?.length ?? 0); index++) {
        const output = outputs?.get(index);
        const saved = output?.toJSON?.();
        if (output && saved && modelIds.has(modelId(output))) outputs?.set(index, saved);
      }
    }
  }

  /** Replace the outputs whose HTML has a marker and is not up to date; whether all are now. */
  async updateOutputs(
    marker: string,
    isCurrent: (html: string) => boolean,
    make: () => Promise<Record<string, string> | null>,
  ): Promise<boolean> {
    let done = true;
    for (const { outputs } of this.#models()) {
      for (let index = 0; index < (outputs?.length ?? 0); index++) {
        const output = outputs?.get(index);
        const html = output ? htmlOf(output) : "";
        if (!html.includes(marker) || isCurrent(html)) continue;
        const data = await make();
        // The cell may have been run again meanwhile, and another output be in its place.
        if (!data || outputs?.get(index) !== output) {
          done = false;
          continue;
        }
        // It may be the one that brings the style sheet for all of them.
        const style = /^\s*<style>[^<]*<\/style>/.exec(html)?.[0] ?? "";
        const again = { ...data, "text/html": style + (data["text/html"] ?? "") };
        outputs?.set(index, { output_type: "display_data", data: again, metadata: {} });
      }
    }
    return done;
  }

  /** Scroll to a cell and put the cursor into it. */
  async reveal(cellId: string, near: Element): Promise<boolean> {
    const ours = this.outputs().flat().map(modelId).filter(Boolean);
    const view = await findNotebookView(this.#manager, ours, near);
    return view ? goToCell(view, cellId) : this.#revealInPage(cellId, near);
  }

  /** Where the host has no such API, its elements: enough where all cells are in the page. */
  #revealInPage(cellId: string, near: Element): boolean {
    const index = this.#models().findIndex((cell) => cell.id === cellId);
    if (index < 0) return false;
    const notebook = near.closest(".jp-Notebook");
    const node =
      notebook?.querySelector<HTMLElement>(`.jp-Cell[data-windowed-list-index="${index}"]`) ??
      notebook?.querySelectorAll<HTMLElement>(".jp-Cell")[index];
    if (!node) return false;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    node.scrollIntoView({ block: "center", behavior: calm ? "auto" : "smooth" });
    const editor = node.querySelector<HTMLElement>(".cm-content");
    (editor ?? node).focus({ preventScroll: true });
    return true;
  }

  #models(): CellModel[] {
    const cells: CellList | undefined = this.#context.model?.cells;
    return Array.from({ length: cells?.length ?? 0 }, (_, index) => cells?.get(index)).filter(
      (cell): cell is CellModel => cell !== undefined,
    );
  }

  #find(cellId: string): CellModel | undefined {
    return this.#models().find((cell) => cell.id === cellId);
  }
}

function tagsOf(cell: CellModel): string[] {
  const { tags } = cell.sharedModel.getMetadata();
  return Array.isArray(tags) ? tags.filter((tag): tag is string => typeof tag === "string") : [];
}

function setTags(cell: CellModel, tags: string[]): void {
  cell.sharedModel.setMetadata("tags", tags);
}
