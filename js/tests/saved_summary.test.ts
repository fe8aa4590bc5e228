// The summary in the metadata of a cell may have been written by anybody.
import type { ICellModel } from "@jupyterlab/cells";
import { expect, it } from "vitest";
import { resultLine } from "../components/lines.ts";
import { language } from "../i18n/index.ts";
import { savedSummary } from "../lab/saved_summary.ts";

const GOOD = {
  ...{ submission: "s1", number: 2, at: 1.7e9, code: "failed", grade: 50 },
  ...{ passed: 1, decided: 2, first_failed: "zero", task: "lab/sum", user: "ada" },
};
const ODD = [
  ...[
    "\u202eadmin\u2067",
    null,
    true,
    -1,
    1e300,
    2 ** 53,
    "",
    "<img src=x onerror=alert(1)>",
    "x".repeat(1e6),
  ],
  ...[[], [[]], {}, { toString: 1, valueOf: 1 }, JSON.parse('{"__proto__": {"x": 1}}')],
];

const read = (metadata: unknown) =>
  savedSummary({ getMetadata: () => metadata } as unknown as ICellModel);

it("reads what was kept", () => {
  expect(read(GOOD)).toEqual(GOOD);
});

it("makes a line of whatever the metadata are", () => {
  const english = language("en");
  const oddOnes = Object.keys(GOOD).flatMap((key) => ODD.map((odd) => ({ ...GOOD, [key]: odd })));
  for (const metadata of [...oddOnes, ...ODD]) {
    const found = read(metadata);
    if (!found) continue;
    const line = resultLine(found, english);
    const { user, at } = found;
    const when = at === null ? "" : english.dateTime(at);
    const said = english.say("{user} {when}", { user, when });
    for (const written of [line.word, line.reason, said, ...line.facts]) {
      expect(typeof written).toBe("string");
      expect(written.length).toBeLessThan(300);
      expect(written).not.toMatch(/[\u202e\u2067]/);
    }
  }
});
