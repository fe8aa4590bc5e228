// The one interface through which the components reach the kernel. They do not know whether a
// request travels on our own comm or in the widget's custom messages.
import type { Replies, RequestKind } from "../protocol.ts";

export type Payload = Record<string, unknown>;

export interface Answer<K extends RequestKind> {
  value: Replies[K];
  buffers: ArrayBuffer[];
}

export interface Transport {
  /** Whether requests are served while a cell is running. */
  readonly servedWhileBusy: boolean;
  /** Ask the kernel; rejects with a RequestError whose message is for a person. */
  request<K extends RequestKind>(
    kind: K,
    payload?: Payload,
    buffers?: ArrayBuffer[],
  ): Promise<Answer<K>>;
  close(): void;
  /** Settled when no answer can come any more. */
  readonly closed: Promise<void>;
}

/** The kernel's "no" to a request, in a sentence for a person. */
export class RequestError extends Error {
  readonly problemId: string | null;

  constructor(message: string, problemId: string | null = null) {
    super(message);
    this.name = "RequestError";
    this.problemId = problemId;
  }
}
