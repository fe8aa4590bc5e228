// The tags that tie a cell to a problem, as cells.py reads them: `inginious:PROBLEM`, qualified by
// the task where a notebook has several tasks with a problem of that name.
import type { TaskInfo } from "../protocol/task.ts";
import { TAG_PREFIX } from "./notebook.ts";

const MAX_LINE_LENGTH = 60;

/** What to write after the prefix: always with the task, so that no other task is answered too. */
export function tagReference(task: Pick<TaskInfo, "ref">, problemId: string): string {
  return `${task.ref}/${problemId}`;
}

/** Whether a tag ties its cell to this problem of this task. */
export function isTagOf(tag: string, task: Pick<TaskInfo, "ref">, problemId: string): boolean {
  if (!tag.startsWith(TAG_PREFIX)) return false;
  const reference = tag.slice(TAG_PREFIX.length).trim();
  const taskId = task.ref.split("/").at(-1);
  return [problemId, `${taskId}/${problemId}`, `${task.ref}/${problemId}`].includes(reference);
}

/** The first line of a cell that says something, shortened. */
export function firstLine(source: string): string {
  const line =
    source
      .split("\n")
      .find((candidate) => candidate.trim())
      ?.trim() ?? "";
  return line.length > MAX_LINE_LENGTH ? `${line.slice(0, MAX_LINE_LENGTH - 1)}…` : line;
}
