// The cells that are sent: those that answer a problem of the task, and what is needed to say so.
// Python decides what a cell means (notebook/cells.py); here nothing is left out that it would read.
import type { TaskInfo } from "../protocol/task.ts";
import type { CellInfo } from "../protocol/task_requests.ts";
import { isTagOf } from "./answer_tags.ts";
import { commandNameOf, givesCommands, onlyCommandLines } from "./magic.ts";

/** Of a longer cell, which has data in it, Python looks only at the lines with commands. */
const MAX_CHARS = 100_000;
/** A command that lacks an answer names the cell that could be it: so much program is looked at. */
const MAX_PROGRAM_CHARS = 20_000;
const MAX_PROGRAMS_CHARS = 500_000;

export function answeringCells(
  cells: readonly CellInfo[],
  task: TaskInfo,
  forCommand: boolean,
): CellInfo[] {
  const names = cells.map(commandName);
  // Without a task, a cell submits to the one that a cell above it opens.
  const opened = names.includes("submit");
  let programs = forCommand ? MAX_PROGRAMS_CHARS : 0;
  return cells.flatMap((cell, index) => {
    const { cell_type, source } = cell;
    const tied = cell.metadata.tags.some((tag) =>
      task.problems.some(({ id }) => isTagOf(tag, task, id)),
    );
    if (tied || names[index]) return [cell];
    if (cell_type !== "code") return [];
    if (opened && givesCommands(source)) {
      return [source.length > MAX_CHARS ? { ...cell, source: onlyCommandLines(source) } : cell];
    }
    if (source.length > Math.min(MAX_PROGRAM_CHARS, programs)) return [];
    programs -= source.length;
    return source ? [cell] : [];
  });
}

function commandName({ cell_type, source }: CellInfo): string {
  return cell_type === "code" ? commandNameOf(source) : "";
}
