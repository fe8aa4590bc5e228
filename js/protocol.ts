// What crosses between browser and kernel: the mirror of inginious_nb/widget/views.py.
// Only shapes and names live here. tests/unit/test_widget_protocol.py compares the kinds and the
// fields of both sides, so that the halves cannot drift.

export const PROTOCOL_VERSION = 1;

/** Everything the browser may ask the kernel for; each request is answered exactly once. */
export const REQUEST_KINDS = [
  "preview",
  "submit",
  "resubmit",
  "kill",
  "attempt",
  "archive",
  "output",
  "file",
  "draft",
  "lang",
  "where",
  "ssh",
  "snapshot",
] as const;
export type RequestKind = (typeof REQUEST_KINDS)[number];

/** What the kernel sends on our own comm: answers, and the state for a view without a model. */
export const MESSAGE_KINDS = ["reply", "state"] as const;
export type MessageKind = (typeof MESSAGE_KINDS)[number];

/** What the waker (js/waker.ts) says, and what it is told: widgets of the page to make again. */
export const WAKER_KINDS = ["made", "wake", "woken"] as const;
export type WakerKind = (typeof WAKER_KINDS)[number];

export const PHASES = ["reading", "refused", "saved", "sent", "queued", "running", "done"] as const;
export type Phase = (typeof PHASES)[number];

export type ProblemType = "code" | "code_single_line" | "file" | "multiple_choice" | "match";

/** A notebook cell in the words of nbformat. */
export interface CellInfo {
  id: string;
  cell_type: string;
  source: string;
  /** The number beside a code cell that was run. */
  execution_count: number | null;
  metadata: { tags: string[] };
}

/**
 * An answer as entered in the widget. A file's bytes travel in the buffers of the message; a preview
 * tells only how many there are.
 */
export type RawAnswer =
  | string
  | string[]
  | { filename: string; buffer: number }
  | { filename: string; size_bytes: number }
  | { path: string }
  | null;

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
  evaluation: "best" | "last";
  problems: ProblemInfo[];
}

export interface Standing {
  attempts: number;
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
  limit_s: number | null;
  error: string | null;
  error_problem: string | null;
  has_ssh: boolean;
  sources: SourceInfo[];
  now: number;
}

/** HTML that render.py made and sanitised; `cut` if it is only the beginning of a large text. */
export interface SafeHtml {
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
  feedback: SafeHtml;
}

export interface TestInfo {
  id: string;
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

export interface ResultInfo {
  submission: string;
  number: number;
  at: number | null;
  code: string;
  grade: number;
  feedback: SafeHtml;
  problems: Record<string, ProblemResult>;
  tests: TestInfo[];
  test_counts: TestCounts;
  custom: TextPart | null;
  archive_bytes: number | null;
  stdout: TextPart | null;
  stderr: TextPart | null;
}

export interface AttemptInfo {
  id: string;
  number: number;
  submitted_at: number;
  finished_at: number | null;
  code: string | null;
  grade: number | null;
  origin: string;
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

/** The magic asks the front end to read the live cells and to answer with a submit request. */
export interface FrontEndRequest {
  id: string;
  kind: "submit";
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
  task: TaskInfo | null;
  standing: Standing;
  submission: SubmissionInfo | null;
  result: ResultInfo | null;
  history: AttemptInfo[];
  service: ServiceInfo;
  drafts: Record<string, Draft>;
  request: FrontEndRequest | null;
}

export const STATE_KEYS = [
  "key",
  "lang",
  "role",
  "problem_id",
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
}

/** An answer of an earlier attempt, for reading and, if it is not a file, for restoring. */
export interface OldAnswer {
  text: string;
  choices: string[];
}

export interface Replies {
  preview: { answers: PreviewAnswer[] };
  submit: { submission: string };
  resubmit: { submission: string };
  kill: Record<string, never>;
  attempt: { attempt: AttemptInfo; result: ResultInfo | null; answers: Record<string, OldAnswer> };
  archive: { filename: string };
  output: { filename: string };
  file: { filename: string; size_bytes: number };
  draft: Record<string, never>;
  lang: Record<string, never>;
  where: { kind: string; address: string; sandbox: string; isolated: string[]; open: string[] };
  ssh: { command: string; password: string };
  /** The static outputs of this state, by MIME type. */
  snapshot: Record<string, string>;
}
