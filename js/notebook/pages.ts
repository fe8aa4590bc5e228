// Which page answers when the kernel asks for the live cells. It asks all of them: those of another
// notebook on the same kernel, and the same notebook in another tab, which may show an older text.
// The page that ran the command answers, known by its Jupyter session; no other document ever does.
import type { FrontEndRequest } from "../protocol/task.ts";
import type { Notebook } from "./notebook.ts";

/** At once; or if nobody else does, since it shows the same document; or not at all. */
export type Asked = "first" | "later" | "never";

/** The sessions that this tab had before it was reloaded, and the notebook of each. */
const EARLIER_SESSIONS = "inginious-nb:sessions";
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
  const path = notebook?.path;
  try {
    const known = sessionStorage.getItem(EARLIER_SESSIONS);
    const sessions = new Map<string, string>(known ? JSON.parse(known) : []);
    if (session && path && sessions.get(session) !== path) {
      sessions.set(session, path);
      const newest = [...sessions].slice(-MAX_EARLIER_SESSIONS);
      sessionStorage.setItem(EARLIER_SESSIONS, JSON.stringify(newest));
    }
    return sessions;
  } catch {
    return new Map(); // a host without storage, or somebody else's data
  }
}
