// Which cells a person may choose from as the answer to a problem: those that could be one.
import type { ProblemInfo, TaskInfo } from "../protocol/task.ts";
import type { CellInfo } from "../protocol/task_requests.ts";
import { isTagOf } from "./answer_tags.ts";
import { headOf } from "./magic.ts";
import { TAG_PREFIX } from "./notebook.ts";

/** Languages of answers that are written for people, in text cells as well. */
const PROSE = ["", "text", "plain", "markdown", "rst", "latex"];

const HEADING = /^#{1,6}\s/;
const LINE_MAGIC = /^(?:[^=#%!?]+=\s*)?[%!?](?!%)/;

/** The cells that may answer a problem, and the one that does. */
export function candidates(
  cells: readonly CellInfo[],
  task: TaskInfo,
  problem: ProblemInfo,
  current: string,
): CellInfo[] {
  return cells.filter(
    (cell) => cell.id === current || (canAnswer(cell, problem) && !answersAnother(cell)),
  );

  /** Whether a cell says itself what it answers, and it is not this. */
  function answersAnother({ source, metadata }: CellInfo): boolean {
    const ties = metadata.tags.filter((tag) => tag.startsWith(TAG_PREFIX));
    return headOf(source) !== "" || ties.some((tag) => !isTagOf(tag, task, problem.id));
  }
}

function canAnswer({ cell_type, source }: CellInfo, { language }: ProblemInfo): boolean {
  const lines = source
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line);
  if (cell_type === "markdown") {
    return PROSE.includes(language) && lines.some((line) => !HEADING.test(line));
  }
  if (cell_type !== "code") return false;
  const program = lines.filter((line) => !line.startsWith("#"));
  // One that is still empty may be about to become the answer.
  return !program.length || program.some((line) => !LINE_MAGIC.test(line));
}
