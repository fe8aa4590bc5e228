// The courses of a person, and what JupyterLab's own interface may ask, as in
// inginious_nb/frontend/protocol/overview.py.

import type { EmptyMessage, LangRequest, SubmissionRequest } from "./common.ts";
import type { AccountInfo, SignInReply, SignInRequest } from "./sign_in.ts";
import type { Phase, ResultSummary, ServiceInfo } from "./task.ts";
import type { CellInfo } from "./task_requests.ts";

/** A problem in the list of a course. */
export interface ProblemRow {
  id: string;
  name: string;
}

/** A task in the list of a course; `attempts_left` is null without a limit, `limit` says it in words. */
export interface TaskRow {
  ref: string;
  name: string;
  accessible: boolean;
  deadline: number | null;
  attempts: number;
  attempts_left: number | null;
  limit: string;
  grade: number | null;
  code: string | null;
  pending: boolean;
  problems: ProblemRow[];
}

/** A course; `errors` are those of its files, for whoever wrote them. */
export interface CourseRow {
  id: string;
  name: string;
  /** Where it is from, empty for a folder. */
  site: string;
  tasks: TaskRow[];
  errors: string[];
}

/** A submission of this session that has no result yet. */
export interface PendingRow {
  id: string;
  task: string;
  name: string;
  number: number;
  /** Seconds since the epoch, by the clock of the server. */
  at: number;
  phase: Phase;
  at_most_before: number | null;
  kill_requested: boolean;
  /** Why it waits here, empty if it does not. */
  note: string;
  /** Another process, such as a kernel, waits for its result and may stop it. */
  elsewhere: boolean;
}

/** The state of a person's courses, as JupyterLab's own interface shows them. */
export interface Overview {
  version: string;
  lang: string;
  /** Who submits here. */
  username: string;
  courses: CourseRow[];
  pending: PendingRow[];
  service: ServiceInfo;
  account: AccountInfo | null;
  warnings: string[];
}

/** A folder, from the root of the server or absolute. */
export interface FolderRequest {
  folder: string;
}

/** Make a task in the folder of a course, and the course where there is no such folder. */
export interface NewTaskRequest {
  folder: string;
  task: string;
  task_kind: string;
}

export interface CoursesReply {
  courses: string[];
}

/** The file to open, from the root of the server. */
export interface PathReply {
  path: string;
}

/** A cell, and the problem that it answers. */
export interface AnswerCell {
  cell_id: string;
  task: string;
  problem_id: string;
}

/** A result of answers that were read in these cells, and who submitted them. */
export interface CellResult extends ResultSummary {
  cell_ids: string[];
  task: string;
  user: string;
}

/** Courses near the notebook's folder become known. */
export interface AnswerCellsRequest {
  cells: CellInfo[];
  /** Its path from the root of the server. */
  notebook: string;
  /** The submissions whose results its cells have. */
  known: string[];
}

export interface AnswerCellsReply {
  answers: AnswerCell[];
  /** What the cells lack. */
  results: CellResult[];
}

export interface FoldersRequest {
  folders: string[];
}

/** Why some of them were not opened. */
export interface FoldersReply {
  refused: string[];
}

/** Everything that JupyterLab's own interface may ask beside the requests about one task. */
export interface OverviewRequests {
  lang: LangRequest;
  openCourse: FolderRequest;
  courseFolders: FoldersRequest;
  demo: FolderRequest;
  newTask: NewTaskRequest;
  answerCells: AnswerCellsRequest;
  stop: SubmissionRequest;
  signIn: SignInRequest;
  signOut: EmptyMessage;
}

export interface OverviewReplies {
  lang: EmptyMessage;
  openCourse: CoursesReply;
  courseFolders: FoldersReply;
  demo: PathReply;
  newTask: PathReply;
  answerCells: AnswerCellsReply;
  stop: EmptyMessage;
  signIn: SignInReply;
  signOut: EmptyMessage;
}
