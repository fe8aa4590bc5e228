// The names by which a static snapshot (snapshot.py) is found, and which result it shows.

/** How the class begins that names the submission whose result a snapshot shows. */
export const RESULT_CLASS = "inginious-result-";

/** The class of a widget's snapshot. */
export function snapshotClass(key: string): string {
  return `inginious-snapshot-${key}`;
}

/** Whether a snapshot is of a submission's result, in a language. */
export function showsResult(html: string, submission: string, lang: string): boolean {
  const [tag = ""] = /<section\b[^>]*>/.exec(html) ?? [];
  return resultOf(tag) === submission && languageOf(tag) === lang;
}

function languageOf(tag: string): string {
  return /\blang="?([\w-]+)/.exec(tag)?.[1] ?? "";
}

/** The submission whose result a snapshot shows, empty if it shows none. */
export function resultOf(html: string): string {
  return /inginious-result-([\w-]+)/.exec(html)?.[1] ?? "";
}
