// State that only the browser has: what was entered and not yet submitted, what is being asked of
// the kernel, and what it said no to. Python never sees it except in the requests it makes.
import type { PreviewAnswer } from "../protocol/task.ts";
import type { RequestKind } from "../protocol/task_requests.ts";

/** A file that was dropped or chosen, or named on the kernel's disk. */
export type FileEntry = { file: File } | { path: string };
export type Entry = string | string[] | FileEntry;

export function isFileEntry(entry: unknown): entry is FileEntry {
  return typeof entry === "object" && entry !== null && ("file" in entry || "path" in entry);
}

export interface Notice {
  text: string;
  problemId: string | null;
}

export interface LocalState {
  entries: Record<string, Entry>;
  pending: ReadonlySet<RequestKind>;
  notice: Notice | null;
  preview: Record<string, PreviewAnswer>;
  /** What the person wants done with lines that only IPython runs; empty until they say. */
  magics: "" | "skip" | "send";
  /** Whether the details of a result are open, once somebody opened or closed them; by problem. */
  details: Record<string, boolean>;
  /** Whether the notebook has a result that the history here does not know. */
  elsewhere: boolean;
  /** Whether a request waits for a running cell to end. */
  waiting: boolean;
  /** Whether the kernel that this widget belonged to is gone. */
  disconnected: boolean;
}

export const initialLocalState: LocalState = {
  entries: {},
  pending: new Set(),
  notice: null,
  preview: {},
  magics: "",
  details: {},
  elsewhere: false,
  waiting: false,
  disconnected: false,
};
