// The documented results, each with a colour of its own; what a grader invents looks like an error.

const KNOWN = ["success", "failed", "killed", "crash", "overflow", "timeout", "error"];

/** The class that gives a result its colour. */
export function resultClass(code: string): string {
  return `inginious-tone-${KNOWN.includes(code) ? code : "error"}`;
}
