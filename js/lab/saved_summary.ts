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

/** As `frontend/summary.py` makes them; of longer ones only so much is shown. */
const MAX_CHARS = 200;
/** Characters that nobody sees and that turn round the rest of the line. */
const TURNING = /[\u202a-\u202e\u2066-\u2069]/g;
/** The last moment of JavaScript's calendar. */
const MAX_SECONDS = 8.64e12;

/** The account that a cell has, which may have been written by anybody. */
export function savedSummary(cell: ICellModel): SavedSummary | null {
  const saved: unknown = cell.getMetadata(KEY);
  const said = (saved && typeof saved === "object" ? saved : {}) as Record<string, unknown>;
  const code = text(said.code);
  const submission = text(said.submission);
  if (!code || !submission) return null;
  return {
    submission,
    number: count(said.number),
    at: number(said.at, MAX_SECONDS),
    code,
    grade: number(said.grade, Number.MAX_SAFE_INTEGER),
    passed: count(said.passed),
    decided: count(said.decided),
    first_failed: text(said.first_failed),
    task: text(said.task),
    user: text(said.user),
  };
}

function text(value: unknown): string {
  return typeof value === "string" ? value.slice(0, MAX_CHARS).replace(TURNING, "") : "";
}

function number(value: unknown, most: number): number | null {
  return typeof value === "number" && Math.abs(value) <= most ? value : null;
}

function count(value: unknown): number {
  return Math.max(0, Math.floor(number(value, Number.MAX_SAFE_INTEGER) ?? 0));
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
