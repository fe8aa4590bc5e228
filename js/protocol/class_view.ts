// A class that is graded live, and the requests of its views, as in
// inginious_nb/frontend/protocol/class_view.py.

import type { EmptyMessage, LangRequest } from "./common.ts";
import type { HtmlPart, ProblemResult } from "./task.ts";

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
 * messages; `warning` says why what is graded is not kept. Names are not in it: they are asked for.
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
  warning: string;
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
