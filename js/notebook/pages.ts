// Which page answers when the kernel asks for the live cells. It asks all of them: those of another
// notebook on the same kernel, and the same notebook in another tab, which may show an older text.
// The page that ran the command answers, known by its Jupyter session; no other document ever does.
import type { FrontEndRequest } from "../protocol/task.ts";
import type { Notebook } from "./notebook.ts";

/** At once; or if nobody else does, since it shows the same document; or not at all. */
export type Asked = "first" | "later" | "never";

/** The sessions that this tab had before it was reloaded, and the notebook of each. */
const EARLIER_SESSIONS = "inginious-nb:sessions";
const SESSIONS = Symbol.for(EARLIER_SESSIONS);
const MAX_EARLIER_SESSIONS = 50;

export function whoIsAsked(
  { client, cell_id }: FrontEndRequest,
  session: string | undefined,
  notebook: Notebook | null,
): Asked {
  if (!session || !client) return "first"; // a host that tells none shows one page
  const path = notebook?.path ?? "";
  const earlier = rememberSession(session, notebook);
  if (client === session || (path && earlier.get(client) === path)) return "first";
  return notebook?.isShared && notebook.has(cell_id) ? "later" : "never";
}

/** Keep which session a notebook has as long as the tab lives, and return those kept so far. */
export function rememberSession(
  session: string | undefined,
  notebook: Notebook | null,
): Map<string, string> {
  const sessions = sessionsOfTab();
  if (session && notebook?.path) sessions.set(session, notebook.path);
  return sessions;
}

/**
 * What this page and the ones before it in its tab had; the same for all widgets of a page, each of
 * which has this module anew. The tab has it only while no page is there: a tab that somebody
 * duplicates gets all that it has, and is another page.
 */
function sessionsOfTab(): Map<string, string> {
  const shared = globalThis as Record<symbol, unknown>;
  const known = shared[SESSIONS];
  if (known instanceof Map) return known;
  const sessions = new Map<string, string>(takeEarlier());
  shared[SESSIONS] = sessions;
  globalThis.addEventListener?.("pagehide", () =>
    leave([...sessions].slice(-MAX_EARLIER_SESSIONS)),
  );
  globalThis.addEventListener?.("pageshow", takeEarlier); // the browser went back to it
  return sessions;
}

function takeEarlier(): [string, string][] {
  try {
    const known = sessionStorage.getItem(EARLIER_SESSIONS);
    sessionStorage.removeItem(EARLIER_SESSIONS);
    return [...new Map<string, string>(known ? JSON.parse(known) : [])];
  } catch {
    return []; // a host without storage, or somebody else's data
  }
}

function leave(sessions: [string, string][]): void {
  try {
    sessionStorage.setItem(EARLIER_SESSIONS, JSON.stringify(sessions));
  } catch {
    // Then the saved cells are sent for what a page that is reloaded has run.
  }
}
