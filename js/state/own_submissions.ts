// What was submitted in this page, in whichever view: other pages of a shared session and document
// see the same submissions. What still waits for its result is known after a reload, too, and to the
// widget and JupyterLab's plugins alike.

const KEY = "inginious:awaited";
/** So many at once; a result that nobody in the page waits for leaves its id here. */
const MAX_AWAITED = 200;

const own = new Set<string>();
let sending = 0;

/** Whether this page submitted it; also while the answer that tells its id is under way. */
export function isOwn(submission: string): boolean {
  return sending > 0 || own.has(submission) || isAwaited(submission);
}

/** Whether this page, also before it was reloaded, submitted it and has not seen its result. */
export function isAwaited(submission: string): boolean {
  return awaited().includes(submission);
}

/** The page has seen the result. */
export function hasArrived(submission: string): void {
  keep(awaited().filter((id) => id !== submission));
}

/** Remember what a request submits; `known` is the id that it has already, if any. */
export async function submitting<T extends { value: unknown } | null>(
  request: Promise<T>,
  known = "",
): Promise<T> {
  if (known) remember(known);
  sending += 1;
  try {
    const answer = await request;
    const { submission } = (answer?.value ?? {}) as { submission?: string };
    if (submission) remember(submission);
    return answer;
  } finally {
    sending -= 1;
  }
}

function remember(submission: string): void {
  if (own.has(submission)) return;
  own.add(submission);
  keep([...awaited(), submission].slice(-MAX_AWAITED));
}

function awaited(): string[] {
  try {
    const saved: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
    return Array.isArray(saved) ? saved : [];
  } catch {
    return []; // a host that keeps nothing, or something else that wrote there
  }
}

function keep(submissions: readonly string[]): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(submissions));
  } catch {
    // Then a reload forgets them.
  }
}
