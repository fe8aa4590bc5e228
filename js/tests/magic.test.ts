import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { headOf, withBody } from "../notebook/magic.ts";

interface Row {
  what: string;
  source: string;
  head: string;
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
