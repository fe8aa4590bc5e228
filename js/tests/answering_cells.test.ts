import { expect, test } from "vitest";
import { answeringCells } from "../notebook/answering_cells.ts";
import { cell, problem, task } from "./fakes.ts";

const TASK = task(problem(), problem({ id: "q" }));
const picture = {
  ...cell("picture", `![](data:image/png;base64,${"A".repeat(12_000_000)})`),
  cell_type: "markdown",
};
const written = { ...cell("text", "an answer", "inginious:course/task/q"), cell_type: "markdown" };
const other = cell("other", "x", "inginious:elsewhere/p");

function sent(cells: ReturnType<typeof cell>[], forCommand = false): string[] {
  return answeringCells(cells, TASK, forCommand).map(({ id }) => id);
}

test("only the cells that answer are sent", () => {
  const tagged = cell("tagged", "1", "inginious:p");
  const headed = cell("headed", "# mine\n%%inginious answer q\n2");
  const cells = [cell("plain", "y = 1"), picture, tagged, other, written, headed];
  expect(sent(cells)).toEqual(["tagged", "text", "headed"]);
});

test("a cell that opens a task is sent where another submits without naming one", () => {
  const open = cell("open", "x = 1\n%inginious open course/task");
  expect(sent([open, cell("a", "%%inginious answer p\n1")])).toEqual(["a"]);
  expect(sent([open, cell("s", "%%inginious submit\n1")])).toEqual(["open", "s"]);
  // Of one with data in it Python reads the lines with commands.
  const long = cell("long", `data = "${"0".repeat(200_000)}"\n%inginious open course/task`);
  const [found] = answeringCells([long, cell("s", "%%inginious submit\n1")], TASK, false);
  expect(found?.source).toBe("%inginious open course/task");
});

test("a command is sent the programs that could be the answer, and no data", () => {
  const data = cell("data", `table = [${"0, ".repeat(10_000)}]`);
  const programs = Array.from({ length: 60 }, (_, n) => cell(`p${n}`, "x".repeat(15_000)));
  expect(sent([cell("plain", "y = 1"), data, picture], true)).toEqual(["plain"]);
  expect(sent(programs, true)).toHaveLength(33);
});
