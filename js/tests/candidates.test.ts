import { expect, test } from "vitest";
import { candidates } from "../notebook/candidates.ts";
import type { CellInfo } from "../protocol/task_requests.ts";
import { cell, problem, task } from "./fakes.ts";

const text = (id: string, source: string): CellInfo => ({
  ...cell(id, source),
  cell_type: "markdown",
});

const NOTEBOOK = [
  text("heading", "# Exercises\n\n## One"),
  text("prose", "# Why\nBecause."),
  cell("load", "# the extension\n%load_ext inginious_nb\n"),
  cell("open", "%inginious open demo/fib"),
  cell("handle", "h = %inginious submit demo/fib\n!ls"),
  cell("item", 'r["a"] = %inginious submit demo/fib'),
  cell("program", "def fib(n):\n    return n"),
  cell("bash", "%%bash\nls"),
  cell("empty", ""),
  cell("comment", "# to be written"),
  cell("declared", "%%inginious answer p\n1"),
  cell("other", "2", "inginious:other"),
  cell("tied", "3", "keep", "inginious:course/task/p"),
];

function offered(language: string, current = ""): string[] {
  const asked = problem({ language });
  return candidates(NOTEBOOK, task(asked), asked, current).map(({ id }) => id);
}

test("a program may be written in code cells that do more than call magics", () => {
  expect(offered("python")).toEqual(["program", "bash", "empty", "comment", "tied"]);
});

test("what is written for people may stand in a text cell that is more than a heading", () => {
  expect(offered("text")[0]).toBe("prose");
  expect(offered("text")).not.toContain("heading");
});

test("the cell that is the answer now is always there", () => {
  expect(offered("python", "declared")).toContain("declared");
});
