// The requests of a view of a task, and their replies, as in
// inginious_nb/frontend/protocol/task_requests.py.

import type { EmptyMessage, LangRequest, SubmissionRequest } from "./common.ts";
import type { AccountInfo, SignInReply, SignInRequest } from "./sign_in.ts";
import type { OldAnswer, PreviewAnswer, ResultInfo, SubmissionRow } from "./task.ts";

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
  /** The path of the notebook from the root of the Jupyter server. */
  notebook?: string;
}

/** The submission that was made. */
export interface SubmissionReply {
  submission: string;
}

/** The file of the recorded test. */
export interface RecordReply {
  file: string;
}

/** A submission of the history with all that is shown of it. */
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
  account: EmptyMessage;
  signIn: SignInRequest;
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
  account: AccountInfo;
  signIn: SignInReply;
  ssh: SshReply;
  snapshot: Record<string, string>;
}
