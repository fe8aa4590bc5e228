// The shapes that cross between browser and kernel: the same as in
// inginious_nb/frontend/protocol.py.
// Only shapes and names live here. tests/unit/test_frontend_protocol.py compares the kinds, the
// fields and their types of both sides, so that the halves cannot drift.

export const PROTOCOL_VERSION = 1;

/**
 * What comes on our own comm and on the server's WebSocket: answers, the state of a view without a
 * model, and why a view is not served.
 */
export const MESSAGE_KINDS = ["reply", "state", "closed"] as const;
export type MessageKind = (typeof MESSAGE_KINDS)[number];

/** What the restorer (js/restore.ts) says, and what it is told: widgets of the page to make again. */
export const RESTORE_KINDS = ["made", "restore", "restored"] as const;
export type RestoreKind = (typeof RESTORE_KINDS)[number];

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

/**
 * A part of a large request, from byte `start` on; the bytes are in the buffer. `id` is the
 * request's. The whole is its JSON followed by its buffers, of `sizes` bytes.
 */
export interface Part {
  v: number;
  id: string;
  kind: "part";
  start: number;
  sizes: number[];
}

// ---- requests ----------------------------------------------------------------------------------

export interface CellMetadata {
  tags: string[];
}

/** A notebook cell in the words of nbformat. */
export interface CellInfo {
  id: string;
  cell_type: string;
  source: string;
  /** The number beside a code cell that was run. */
  execution_count: number | null;
  metadata: CellMetadata;
}

/**
 * A file as an answer: its bytes in a buffer of the message, for a preview its size alone, or a path
 * on the kernel's disk.
 */
export interface FileAnswer {
  filename?: string;
  buffer?: number;
  size_bytes?: number;
  path?: string;
}

/** An answer as entered in the widget. */
export type RawAnswer = string | string[] | FileAnswer | null;

export interface PreviewRequest {
  /** Null where the host has no readable notebook. */
  cells: CellInfo[] | null;
  answers: Record<string, RawAnswer>;
  magics?: "skip" | "send";
}

export interface PreviewReply {
  answers: PreviewAnswer[];
}

export interface SubmitRequest {
  cells: CellInfo[] | null;
  answers: Record<string, RawAnswer>;
  debug?: boolean | "ssh";
  /** The one of a command that waits for these answers. */
  submission?: string;
  /** What becomes of lines that only IPython runs; without it they are refused. */
  magics?: "skip" | "send";
}

/** Something that concerns one submission. */
export interface SubmissionRequest {
  submission: string;
}

/** The submission that was made. */
export interface SubmissionReply {
  submission: string;
}

/** A submission of the history with all that is shown of it. */
/** The file of the recorded test. */
export interface RecordReply {
  file: string;
}

export interface OpenReply {
  row: SubmissionRow;
  result: ResultInfo | null;
  answers: Record<string, OldAnswer>;
}

/** A whole text of a result: `feedback`, `problem:ID`, `stdout`, `stderr`, `tests` or `custom`. */
export interface OutputRequest {
  submission: string;
  what: string;
}

/** The name of a file, whose bytes are in the buffer of the message. */
export interface DownloadReply {
  filename: string;
}

export interface FileRequest {
  problem: string;
  path: string;
}

export interface FileReply {
  filename: string;
  size_bytes: number;
}

export interface DraftRequest {
  problem: string;
  value: string | string[];
  by: string;
}

/** Submit as another student from now on; an empty name is the person here. */
export interface StudentRequest {
  username: string;
}

export interface LangRequest {
  lang: string;
}

export interface WhereReply {
  kind: string;
  address: string;
  sandbox: string;
  isolated: string[];
  open: string[];
}

/** A secret: in no trait, and shown on request only. */
export interface SshReply {
  command: string;
  password: string;
}

export interface SnapshotRequest {
  key: string;
  problem: string;
}

export type EmptyMessage = Record<string, never>;

/** Everything the browser may ask, with what each request carries; each is answered exactly once. */
export interface Requests {
  preview: PreviewRequest;
  submit: SubmitRequest;
  resubmit: SubmissionRequest;
  kill: SubmissionRequest;
  open: SubmissionRequest;
  archive: SubmissionRequest;
  record: SubmissionRequest;
  output: OutputRequest;
  file: FileRequest;
  draft: DraftRequest;
  lang: LangRequest;
  submitAs: StudentRequest;
  where: EmptyMessage;
  ssh: SubmissionRequest;
  snapshot: SnapshotRequest;
}
export type RequestKind = keyof Requests;

/** What answers each request; `snapshot` the outputs by MIME type. */
export interface Replies {
  preview: PreviewReply;
  submit: SubmissionReply;
  resubmit: SubmissionReply;
  kill: EmptyMessage;
  open: OpenReply;
  archive: DownloadReply;
  record: RecordReply;
  output: DownloadReply;
  file: FileReply;
  draft: EmptyMessage;
  lang: EmptyMessage;
  submitAs: EmptyMessage;
  where: WhereReply;
  ssh: SshReply;
  snapshot: Record<string, string>;
}

// ---- what belongs to a person and not to one task ------------------------------------------------

/** A problem in the list of a course. */
export interface ProblemRow {
  id: string;
  name: string;
}

/** A task in the list of a course; `attempts_left` is null without a limit. */
export interface TaskRow {
  ref: string;
  name: string;
  accessible: boolean;
  deadline: number | null;
  attempts: number;
  attempts_left: number | null;
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

/**
 * Who is signed in at the site that grades; not part of what is saved with a notebook. The name is
 * empty where nobody has signed in yet.
 */
export interface AccountInfo {
  site: string;
  username: string;
  signed_in: boolean;
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

/** The secret is a password or, with `cookie`, that of a session. */
export interface SignInRequest {
  username: string;
  secret: string;
  cookie: boolean;
  keep: boolean;
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

/** Courses near the notebook's folder become known. */
export interface AnswerCellsRequest {
  cells: CellInfo[];
  folder: string;
}

export interface AnswerCellsReply {
  answers: AnswerCell[];
}

/** Everything that JupyterLab's own interface may ask beside the requests about one task. */
export interface FoldersRequest {
  folders: string[];
}

/** Why some of them were not opened. */
export interface FoldersReply {
  refused: string[];
}

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
  signIn: EmptyMessage;
  signOut: EmptyMessage;
}

// ---- a class that is graded live -----------------------------------------------------------------

/**
 * A class to open a view of; the folder from the root of the server, or absolute. `tasks` and
 * `student_from` as in `ClassReading`; null for those of the last time.
 */
export interface ClassSubject {
  folder: string;
  no_isolation: boolean;
  tasks: string[] | null;
  student_from: string | null;
}

/** How the notebooks of a class are read; empty for what they and their folders tell. */
export interface ClassReading {
  tasks: string[];
  student_from: string;
}

/** A test of a task, and how many of a class passed and failed it. */
export interface ClassTest {
  id: string;
  name: string;
  passed: number;
  failed: number;
}

/** Answers that fail in the same way; students are numbers, here and below. */
export interface ClassGroup {
  code: string;
  problems: Record<string, string>;
  failed: string[];
  reason: string;
  students: number[];
}

/** A task of a class; `columns` counts the grades by the `column_names` of `ClassInfo`. */
export interface ClassTaskInfo {
  ref: string;
  name: string;
  mean: number | null;
  columns: number[];
  tests: ClassTest[];
  groups: ClassGroup[];
}

/** A student and a task in the matrix. */
export interface ClassCell {
  student: number;
  task: string;
  state: string;
  grade: number | null;
  code: string;
  reused: boolean;
}

/**
 * The state of a class, whole or what changed of it since the message before. `seq` counts the
 * messages. Names are not in it: they are asked for.
 */
export interface ClassInfo {
  seq: number;
  whole: boolean;
  lang: string;
  title: string;
  sandbox: string;
  busy: boolean;
  reading: ClassReading;
  error: string;
  students: number;
  column_names: string[];
  tasks: ClassTaskInfo[];
  cells: ClassCell[];
}

export interface ClassCellName {
  student: number;
  task: string;
}

/** `names` if messages may tell the names of notebooks. */
export interface ClassAnswersRequest {
  cells: ClassCellName[];
  names: boolean;
}

/** An answer with its result; texts of students are plain text. */
export interface ClassAnswer {
  student: number;
  task: string;
  state: string;
  grade: number | null;
  code: string;
  message: string;
  feedback: HtmlPart;
  problems: Record<string, ProblemResult>;
  passed: string[];
  failed: string[];
  answers: Record<string, string>;
}

export interface ClassAnswersReply {
  answers: ClassAnswer[];
}

/** By number. */
export interface ClassNamesReply {
  names: Record<string, string>;
}

/** Read the folder again and grade what is new; everything with `regrade`. */
export interface ClassGradeRequest {
  regrade: boolean;
}

/** One, or all without a student. */
export interface ClassStopRequest {
  student: number | null;
  task: string | null;
}

export interface ClassExportReply {
  filename: string;
  text: string;
}

/** Everything that a view of a class may ask. */
export interface ClassRequests {
  lang: LangRequest;
  class: EmptyMessage;
  answers: ClassAnswersRequest;
  names: EmptyMessage;
  grade: ClassGradeRequest;
  regrade: ClassCellName;
  read: ClassReading;
  stop: ClassStopRequest;
  export: EmptyMessage;
}

export interface ClassReplies {
  lang: EmptyMessage;
  class: ClassInfo;
  answers: ClassAnswersReply;
  names: ClassNamesReply;
  grade: EmptyMessage;
  regrade: EmptyMessage;
  read: EmptyMessage;
  stop: EmptyMessage;
  export: ClassExportReply;
}
