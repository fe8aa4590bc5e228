import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  commandNameOf,
  givesCommands,
  headOf,
  onlyCommandLines,
  withBody,
} from "../notebook/magic.ts";

interface Row {
  what: string;
  source: string;
  head: string;
  commands: { name: string }[];
}

const ROWS = JSON.parse(readFileSync("tests/data/magic_lines.json", "utf-8")) as Row[];

test.each(ROWS)("the head of $what is the one that Python finds", ({ source, head }) => {
  expect(headOf(source)).toBe(head);
});

test.each(ROWS)("another text keeps the head of $what", ({ source, head }) => {
  const changed = withBody(source, "another = 1\n");
  expect(headOf(changed).trimEnd()).toBe(head.trimEnd());
  expect(changed.endsWith("another = 1\n")).toBe(true);
});

test.each(ROWS)("$what is sent if it opens a task or answers", ({ source, head, commands }) => {
  const [first] = commands;
  if (head && first) expect(commandNameOf(source)).toBe(first.name);
  if (!head && first) {
    expect(givesCommands(source)).toBe(true);
    // What only a long cell needs: a command that is written in one line.
    if (!source.includes("\n")) {
      expect(onlyCommandLines(source)).toBe(/^\s*inginious/.test(source) ? "" : source);
    }
  }
});
