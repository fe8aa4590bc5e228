// What the plugins share: one connection to the server, and the tasks of each notebook.
import type { NotebookPanel } from "@jupyterlab/notebook";
import { Token } from "@lumino/coreutils";
import type { Store } from "../state/store.ts";
import type { ServerSocket } from "../transport/server.ts";
import type { LabLanguage } from "./language.ts";
import type { NotebookAnswers } from "./notebook_answers.ts";
import type { Settings } from "./settings.ts";
import type { TaskView } from "./task_view.ts";

export interface IInginious {
  readonly socket: ServerSocket;
  readonly language: LabLanguage;
  readonly settings: Store<Settings>;
  /** The answers of a notebook: which cells, and the views of their tasks. */
  answers(panel: NotebookPanel): NotebookAnswers;
  /** Open a view of a task, with the cells of a notebook where there is one. */
  open(task: string, panel: NotebookPanel | null, signal: AbortSignal): Promise<TaskView>;
}

export const IInginious = new Token<IInginious>(
  "inginious-nb:IInginious",
  "The courses of the person, and the answers of their notebooks.",
);

/** The commands, for the palette, menus, shortcuts and each other. */
export const Commands = {
  demo: "inginious-nb:demo",
  newTask: "inginious-nb:new-task",
  openCourse: "inginious-nb:open-course",
  showCourses: "inginious-nb:show-courses",
  openTask: "inginious-nb:open-task",
  submitCell: "inginious-nb:submit-cell",
  useAsAnswer: "inginious-nb:use-as-answer",
  submitAll: "inginious-nb:submit-all",
  showQueue: "inginious-nb:show-queue",
  signIn: "inginious-nb:sign-in",
  signOut: "inginious-nb:sign-out",
  openClass: "inginious-nb:show-class",
} as const;

export const PALETTE_CATEGORY = "INGInious";
