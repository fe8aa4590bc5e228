// What was entered for a task in one view of this page is at once that of its other views here, so that
// any of them submits it. Drafts bring it to other pages and to later views; files, which no draft keeps,
// stay here.
import { uniqueId } from "../unique_id.ts";
import { type Entry, type FileEntry, isFileEntry } from "./local.ts";

/** Who entered what a draft says: some view of this page. */
export const THIS_PAGE = uniqueId();

/** Hears of what was entered, null for what was taken back; `answers` names the task and its student. */
type Hear = (answers: string, problemId: string, entry: Entry | null) => void;

const views = new Set<Hear>();
const files = new Map<string, Readonly<Record<string, FileEntry>>>();

export function hearWhatIsEntered(hear: Hear, signal: AbortSignal): void {
  views.add(hear);
  signal.addEventListener("abort", () => views.delete(hear), { once: true });
}

export const tellWhatIsEntered: Hear = (answers, problemId, entry) => {
  const { [problemId]: _before, ...others } = filesChosen(answers);
  files.set(answers, isFileEntry(entry) ? { ...others, [problemId]: entry } : others);
  for (const hear of [...views]) hear(answers, problemId, entry);
};

/** The files chosen so far, by problem. */
export function filesChosen(answers: string): Readonly<Record<string, FileEntry>> {
  return files.get(answers) ?? {};
}
