// The one interface through which the components reach the kernel. They do not know whether a
// request travels on our own comm or in the widget's custom messages.
import type { Replies, RequestKind, Requests } from "../protocol/task_requests.ts";

export interface Answer<K extends RequestKind> {
  value: Replies[K];
  buffers: ArrayBuffer[];
}

export interface Transport {
  /** Whether requests are served while a cell is running. */
  readonly servedWhileBusy: boolean;
  /** Ask the kernel; rejects with a RequestError that says why. */
  request<K extends RequestKind>(
    kind: K,
    payload: Requests[K],
    buffers?: ArrayBuffer[],
  ): Promise<Answer<K>>;
  close(): void;
  /** Settled when no answer can come any more. */
  readonly closed: Promise<void>;
}

/** Why there was no answer, or nothing was asked: a name of the catalogue's `failures`. */
export type Failure = "gone" | "closed" | "lost" | "noAnswer" | "noReason" | "unreadable";

/** The "no" to a request: the kernel's sentence for a person, or a `Failure`. */
export class RequestError extends Error {
  readonly problemId: string | null;

  constructor(message: string, problemId: string | null = null) {
    super(message);
    this.name = "RequestError";
    this.problemId = problemId;
  }
}
