// A short account of the last result in the metadata of the cell that it is about, so that it stays
// with the notebook: in a saved copy, and for another person.
import type { ICellModel } from "@jupyterlab/cells";
import type { CellResult } from "../protocol/overview.ts";
import type { ResultSummary, WidgetState } from "../protocol/task.ts";

const KEY = "inginious";

export interface SavedSummary extends ResultSummary {
  task: string;
  user: string;
}

const NOTHING = { number: 0, at: null, grade: null, passed: 0, decided: 0, first_failed: "" };

/** The account that a cell has, which may have been written by anybody. */
export function savedSummary(cell: ICellModel): SavedSummary | null {
  const saved = cell.getMetadata(KEY) as Partial<SavedSummary> | undefined;
  const { code, submission } = saved ?? {};
  if (typeof code !== "string" || typeof submission !== "string") return null;
  return { ...NOTHING, task: "", user: "", ...saved, code, submission };
}

/** Keep the result with the cell, unless it is there. */
export function keepSummary(cell: ICellModel, { task, result }: WidgetState, user: string): void {
  if (!task || !result || savedSummary(cell)?.submission === result.submission) return;
  write(cell, result, task.ref, user);
}

/** Keep a result that came while the notebook was closed, unless the cell has a newer one. */
export function completeSummary(cell: ICellModel, result: CellResult, user: string): void {
  const saved = savedSummary(cell);
  if (saved?.submission === result.submission || (saved?.at ?? 0) > (result.at ?? 0)) return;
  write(cell, result, result.task, user);
}

function write(cell: ICellModel, result: ResultSummary, task: string, user: string): void {
  const { submission, number, at, code, grade, passed, decided, first_failed } = result;
  const summary: ResultSummary = {
    submission,
    number,
    at,
    code,
    grade,
    passed,
    decided,
    first_failed,
  };
  cell.setMetadata(KEY, { ...summary, task, user });
}
