// A notebook that was closed: the results of what was submitted from it, and the way back to its cells. Loaded
// when there is something of both.
import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { NotebookPanel } from "@jupyterlab/notebook";
import type { ServerConnection } from "@jupyterlab/services";
import { cells as en } from "../i18n/guidance.en.json";
import { cells as fr } from "../i18n/guidance.fr.json";
import { wordsOf } from "../i18n/words_of.ts";
import type { WidgetState } from "../protocol/task.ts";
import { NOTIFICATION_MS, notify, showRefusal } from "./telling.ts";
import type { IInginious } from "./tokens.ts";

const NOT_FOUND = 404;

/** Open a notebook that was closed and go to a cell of it; say so if either is gone. */
export async function openCell(
  { commands }: JupyterFrontEnd,
  inginious: IInginious,
  path: string,
  cellId: string,
): Promise<void> {
  const { language } = inginious;
  const words = wordsOf<typeof en>({ en, fr }, language.code);
  const tell = (text: string) =>
    void notify(language.say(text, { path }), "warning", language, { autoClose: NOTIFICATION_MS });
  try {
    const panel: NotebookPanel = await commands.execute("docmanager:open", { path });
    await panel.context.ready;
    await panel.revealed;
    if (!(await inginious.answers(panel).notebook.reveal(cellId))) tell(words.cellGone);
  } catch (error) {
    const { response } = error as Partial<ServerConnection.ResponseError>;
    if (response?.status === NOT_FOUND) tell(words.notebookGone);
    else await showRefusal(language.lab.goToCell, error, language);
  }
}

/** Follow a submission without its notebook, until its result is there; tell null if there will be none. */
export async function awaitResult(
  inginious: IInginious,
  submission: string,
  task: string,
  tell: (state: WidgetState | null) => void,
): Promise<void> {
  const ended = new AbortController();
  const { controller } = await inginious.open(task, null, ended.signal);
  const follow = () => {
    const state = controller.synced.get();
    const isKnown = state.submission?.id === submission && state.submission.phase !== "refused";
    const isThere = state.result?.submission === submission;
    if (isKnown && !isThere) return;
    ended.abort();
    tell(isThere ? state : null);
  };
  const end = controller.synced.subscribe(follow);
  ended.signal.addEventListener("abort", end);
  follow();
}
