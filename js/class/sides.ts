// Two answers side by side, line by line: the lines that only one of them has, and gaps where the
// other one has more.
import { diffArrays } from "diff";

export interface Side {
  text: string;
  /** `gap`: only the other side has a line here. */
  kind: "same" | "only" | "gap";
}

/** What takes longer is shown as changed altogether, which is fast and still true. */
const LIMIT_MS = 30;

const GAP: Side = { text: "", kind: "gap" };

/** The lines of both, the same ones at the same height. */
export function sides(left: string, right: string): [Side[], Side[]] {
  const one = left.split("\n");
  const other = right.split("\n");
  const changes = diffArrays(one, other, { timeout: LIMIT_MS }) ?? [
    { value: one, removed: true, added: false },
    { value: other, removed: false, added: true },
  ];
  const lefts: Side[] = [];
  const rights: Side[] = [];
  const level = () => {
    while (lefts.length < rights.length) lefts.push(GAP);
    while (rights.length < lefts.length) rights.push(GAP);
  };
  for (const { value, added, removed } of changes) {
    const kind = added || removed ? "only" : "same";
    const lines = value.map((text): Side => ({ text, kind }));
    if (kind === "same") level();
    if (!added) lefts.push(...lines);
    if (!removed) rights.push(...lines);
  }
  level();
  return [lefts, rights];
}
