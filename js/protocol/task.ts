// The state of a view of a task, as in inginious_nb/frontend/protocol/task.py.

export const PHASES = ["reading", "refused", "saved", "sent", "queued", "running", "done"] as const;
export type Phase = (typeof PHASES)[number];

export type ProblemType = "code" | "code_single_line" | "file" | "multiple_choice" | "match";

export interface ChoiceInfo {
  index: string;
  /** As the task has it: what a cell says to choose it. */
  text: string;
  html: string;
}

export interface ProblemInfo {
  id: string;
  type: ProblemType;
  name: string;
  header_html: string;
  language: string;
  optional: boolean;
  default: string;
  multiple: boolean;
  choices: ChoiceInfo[];
  max_size_bytes: number | null;
  allowed_exts: string[];
}

export interface TaskInfo {
  ref: string;
  name: string;
  author: string;
  context_html: string;
  accessible: boolean;
  deadline: number | null;
  /** Where it is from, empty for a folder. */
  site: string;
  evaluation: "best" | "last";
  /** Whether a submission can be kept as a recorded test: for who may change the course. */
  can_record: boolean;
  problems: ProblemInfo[];
}

/** How the user stands in a task; `attempts_left` is null without a limit, `limit` says it in words. */
export interface Standing {
  attempts: number;
  attempts_left: number | null;
  limit: string;
  best_grade: number | null;
  best_code: string | null;
  last_grade: number | null;
  last_code: string | null;
}

export interface SourceInfo {
  problem_id: string;
  kind: string;
  label: string;
  cell_ids: string[];
  read_at: number;
}

export interface SubmissionInfo {
  id: string;
  number: number;
  origin: string;
  phase: Phase;
  times: Partial<Record<Phase, number>>;
  at_most_before: number | null;
  sendings: number;
  kill_requested: boolean;
  /** Why it waits here, empty if it does not. */
  note: string;
  limit_s: number | null;
  error: string | null;
  error_problem: string | null;
  has_ssh: boolean;
  sources: SourceInfo[];
  now: number;
}

/** HTML that render.py made and sanitised; `cut` if it is only the beginning of a large text. */
export interface HtmlPart {
  html: string;
  size_bytes: number;
  cut: boolean;
}

export interface TextPart {
  text: string;
  size_bytes: number;
  cut: boolean;
}

export interface ProblemResult {
  code: string;
  feedback: HtmlPart;
}

export interface TestInfo {
  id: string;
  /** What people call it: the name of the course's tag of that id, if it has one. */
  name: string;
  kind: "passed" | "failed" | "text" | "tag";
  text: string;
}

/**
 * Of all tests: those passed, those that say passed or not, those that are not shown; `cut` if only
 * the beginning of some text is shown.
 */
export interface TestCounts {
  passed: number;
  decided: number;
  left_out: number;
  cut: boolean;
}

/** A result in one line. */
export interface ResultSummary {
  submission: string;
  number: number;
  at: number | null;
  code: string;
  /** Null where nothing was graded. */
  grade: number | null;
  /** Tests or, where none says passed or not, problems: those passed, and all that say so. */
  passed: number;
  decided: number;
  /** The first thing that failed, in words; empty if nothing did. */
  first_failed: string;
}

export interface ResultInfo extends ResultSummary {
  feedback: HtmlPart;
  problems: Record<string, ProblemResult>;
  tests: TestInfo[];
  test_counts: TestCounts;
  custom: TextPart | null;
  archive_bytes: number | null;
  stdout: TextPart | null;
  stderr: TextPart | null;
}

export interface SubmissionRow {
  id: string;
  number: number;
  submitted_at: number;
  finished_at: number | null;
  code: string | null;
  grade: number | null;
  origin: string;
  /** Another process, such as a kernel, waits for its result. */
  under_way_elsewhere: boolean;
}

export interface ServiceInfo {
  kind: string;
  state: string;
  silent_s: number;
  message: string;
}

/** A value entered in some view of this task, so that the other views can show it too. */
export interface Draft {
  value: string | string[];
  by: string;
}

/**
 * The magic asks the page that ran its cell to read the live cells and to answer with a submit
 * request. `client` is that page's Jupyter session, empty if unknown, and `cell_id` the cell.
 */
export interface FrontEndRequest {
  id: string;
  kind: "submit";
  client: string;
  cell_id: string;
}

/** A whole task, a submission made by a command (the task folded away), or one answer's feedback. */
export type Role = "task" | "submission" | "answer";

/**
 * What the kernel needs to know to serve a view: a widget of its own by its key, else the task by
 * its name, and the submission whose result the view has kept. Saved with the view's output.
 */
export interface Subject {
  widget: string;
  task: string;
  role: Role;
  problem_id: string;
  submission: string;
}

/** A view that a saved notebook shows: what it is about, and the model that it belongs to. */
export interface SavedView {
  model_id: string;
  subject: Subject;
}

/** The synced traits of the widget, all set by Python and never by the browser. */
export interface WidgetState {
  /** Names this widget to the kernel, and its static snapshot to the page. */
  key: string;
  lang: string;
  role: Role;
  problem_id: string;
  /** Who submits, empty for the person here. */
  student: string;
  task: TaskInfo | null;
  standing: Standing;
  submission: SubmissionInfo | null;
  result: ResultInfo | null;
  history: SubmissionRow[];
  service: ServiceInfo;
  drafts: Record<string, Draft>;
  request: FrontEndRequest | null;
}

export const STATE_KEYS = [
  "key",
  "lang",
  "role",
  "problem_id",
  "student",
  "task",
  "standing",
  "submission",
  "result",
  "history",
  "service",
  "drafts",
  "request",
] as const satisfies readonly (keyof WidgetState)[];

/** A file that would be sent; `beginning` is empty where it is not known to be text. */
export interface FileInfo {
  size_bytes: number;
  media_type: string;
  beginning: string;
}

export interface PreviewAnswer {
  problem_id: string;
  /** "missing" if nothing answers the problem; else where it would be read. */
  kind: string;
  label: string;
  cell_ids: string[];
  read_at: number;
  text: string;
  /** The chosen indices of a multiple-choice problem. */
  choices: string[];
  file: FileInfo | null;
  error: string | null;
  /** Whether it differs from what was submitted last; null if nothing was. */
  changed: boolean | null;
  /** Whether it has lines that only IPython runs. */
  has_magics: boolean;
}

/** An answer of an earlier attempt, for reading and, if it is not a file, for restoring. */
export interface OldAnswer {
  text: string;
  choices: string[];
}
