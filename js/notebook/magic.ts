// The lines of a cell that say what it answers. Python decides (notebook/grammar/magic_lines.py);
// here the rule is mirrored for what the page does by itself, and tests/data/magic_lines.json is the
// table of both.

const BLANK = "[ \\t\\r\\f\\v\\u00a0]";
const SKIPPED = `(?:${BLANK}*(?:#[^\\n]*)?\\n)*`;
const WRAPPING = `(?:[ \\t]*%%(?:time|timeit|prun|capture)\\b[^\\n]*\\n${SKIPPED})*`;
const HEAD = new RegExp(`^${SKIPPED}${WRAPPING}[ \\t]*%%inginious(?:${BLANK}+[^\\n]*)?(?:\\n|$)`);

/** All up to and including the `%%inginious` line of a cell, empty if it has none. */
export function headOf(source: string): string {
  return HEAD.exec(source)?.[0] ?? "";
}

/** The command of a cell's `%%inginious` line, empty if it gives none. */
export function commandNameOf(source: string): string {
  const head = headOf(source).trimEnd().split("\n").at(-1) ?? "";
  const [, name = ""] = head.trim().split(/\s+/);
  return name;
}

const AUTOMAGIC = /^inginious(?:[ \t].*)?$/;
const COMMAND = /%inginious\b|run_(?:line|cell)_magic\b/;

/** Whether a code cell may give commands when it is run. */
export function givesCommands(source: string): boolean {
  return COMMAND.test(source) || AUTOMAGIC.test(source.trim());
}

/** The lines of a cell that may give commands. */
export function onlyCommandLines(source: string): string {
  return source
    .split("\n")
    .filter((line) => COMMAND.test(line))
    .join("\n");
}

/** A cell with another text below its `%%inginious` line, which is no part of an answer. */
export function withBody(source: string, body: string): string {
  const head = headOf(source);
  return head && !head.endsWith("\n") ? `${head}\n${body}` : head + body;
}
