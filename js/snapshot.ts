// The names by which a static snapshot (snapshot.py) is found, and which result it shows.

/** The class of a widget's snapshot. */
export function snapshotClass(key: string): string {
  return `inginious-snapshot-${key}`;
}

/** The class of the snapshot of a submission's result. */
export function resultClass(submission: string): string {
  return `inginious-result-${submission}`;
}

/** The submission whose result a snapshot shows, empty if it shows none. */
export function resultOf(html: string): string {
  return /inginious-result-([\w-]+)/.exec(html)?.[1] ?? "";
}
