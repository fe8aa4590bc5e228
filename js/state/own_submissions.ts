// What was submitted in this page, in whichever view: other pages of a shared session and document
// see the same submissions. What still waits for its result is known after a reload, too, and to the
// widget and JupyterLab's plugins alike; and to the page that opens the closed notebook again.

const KEY = "inginious:awaited";
/** So many at once; a result that nobody in the page waits for leaves its entry here. */
const MAX_AWAITED = 200;

/** What the page keeps through a reload, and what the browser keeps for another page. */
const STORAGES = ["sessionStorage", "localStorage"] as const;
type StorageName = (typeof STORAGES)[number];

/** A submission, and the path of the notebook that it is from; empty where the host does not tell. */
type Awaited = readonly [submission: string, notebook: string];

const own = new Map<string, string>();
const sending = new Set<{ notebook: string }>();

/** Whether this page submitted it from a notebook; also while the answer that tells its id is under way. */
export function isOwn(submission: string, notebook: string): boolean {
  const isSending = [...sending].some((request) => isFrom(notebook, request.notebook));
  return isSending || isFrom(notebook, own.get(submission)) || isAwaited(submission, notebook);
}

/** Whether this page, also before it was reloaded, submitted it there and has not seen its result. */
export function isAwaited(submission: string, notebook: string): boolean {
  return awaited("sessionStorage").some(
    ([id, from]) => id === submission && isFrom(notebook, from),
  );
}

/** Whether this page submitted it from another notebook, which shows the result. */
export function isFromElsewhere(submission: string, notebook: string): boolean {
  const known = awaited("sessionStorage").find(([id]) => id === submission);
  const from = own.get(submission) ?? known?.[1];
  return from !== undefined && !isFrom(notebook, from);
}

/** A notebook is opened: what was submitted from it before it was closed is this page's to wait for. */
export function awaitAgain(notebook: string): void {
  for (const [submission, from] of awaited("localStorage"))
    if (from === notebook) add("sessionStorage", submission, from);
}

/** A notebook was renamed or moved, perhaps while something of it is graded. */
export function moveNotebook(from: string, to: string): void {
  const moved = (notebook: string) => (notebook === from ? to : notebook);
  for (const [submission, notebook] of own) own.set(submission, moved(notebook));
  for (const request of sending) request.notebook = moved(request.notebook);
  for (const name of STORAGES)
    keep(
      name,
      awaited(name).map(([submission, notebook]) => [submission, moved(notebook)]),
    );
}

/** The result has been seen where it was submitted. */
export function hasArrived(submission: string, notebook: string): void {
  const waits = ([id, from]: Awaited) => id !== submission || !isFrom(notebook, from);
  for (const name of STORAGES) keep(name, awaited(name).filter(waits));
}

/** Remember what a request submits from a notebook; `known` is the id that it has already, if any. */
export async function submitting<T extends { value: unknown } | null>(
  request: Promise<T>,
  notebook: string,
  known = "",
): Promise<T> {
  if (known) remember(known, notebook);
  const sent = { notebook };
  sending.add(sent);
  try {
    const answer = await request;
    const { submission } = (answer?.value ?? {}) as { submission?: string };
    if (submission) remember(submission, sent.notebook);
    return answer;
  } finally {
    sending.delete(sent);
  }
}

function isFrom(notebook: string, from: string | undefined): boolean {
  return from === notebook || from === "";
}

function remember(submission: string, notebook: string): void {
  if (own.has(submission)) return;
  own.set(submission, notebook);
  for (const name of STORAGES) add(name, submission, notebook);
}

function add(name: StorageName, submission: string, notebook: string): void {
  const others = awaited(name).filter(([id]) => id !== submission);
  keep(name, [...others, [submission, notebook] as const].slice(-MAX_AWAITED));
}

function awaited(name: StorageName): Awaited[] {
  try {
    const saved: unknown = JSON.parse(globalThis[name].getItem(KEY) ?? "[]");
    return Array.isArray(saved)
      ? saved.filter((entry): entry is Awaited => Array.isArray(entry))
      : [];
  } catch {
    return []; // a host that keeps nothing, or something else that wrote there
  }
}

function keep(name: StorageName, entries: readonly Awaited[]): void {
  try {
    globalThis[name].setItem(KEY, JSON.stringify(entries));
  } catch {
    // Then a reload forgets them.
  }
}
