// Matches replies to requests by id. Knows no comm: it is given a way to send, and is told what
// was received.
import { PROTOCOL_VERSION } from "../protocol/common.ts";
import type { RequestKind, Requests } from "../protocol/task_requests.ts";
import { uniqueId } from "../unique_id.ts";
import { type Answer, type Failure, RequestError } from "./transport.ts";

type Send = (message: object, buffers: ArrayBuffer[]) => void;

interface Waiting {
  resolve: (answer: Answer<RequestKind>) => void;
  reject: (error: RequestError) => void;
  timer: ReturnType<typeof setTimeout> | undefined;
}

const ANSWER_TIMEOUT_MS = 60_000;
/** A slow network takes so long for what is attached. */
const MIN_BYTES_PER_MS = 100;

export class PendingRequests {
  readonly #send: Send;
  readonly #waiting = new Map<string, Waiting>();

  /** Whether requests are served at once; otherwise a running cell may hold them up for hours. */
  readonly #servedAtOnce: boolean;
  #closed: Failure | null = null;

  constructor(send: Send, servedAtOnce = false) {
    this.#send = send;
    this.#servedAtOnce = servedAtOnce;
  }

  request<K extends RequestKind>(
    kind: K,
    payload: Requests[K],
    buffers: ArrayBuffer[] = [],
  ): Promise<Answer<K>> {
    if (this.#closed) return Promise.reject(new RequestError(this.#closed));
    const id = uniqueId();
    return new Promise((resolve, reject) => {
      const timer = this.#servedAtOnce ? this.#giveUpLater(id, buffers) : undefined;
      this.#waiting.set(id, { resolve: resolve as Waiting["resolve"], reject, timer });
      try {
        this.#send({ ...payload, v: PROTOCOL_VERSION, kind, id }, buffers);
      } catch (error) {
        this.#take(id);
        reject(new RequestError(error instanceof Error ? error.message : String(error)));
      }
    });
  }

  /** Take a message from the kernel, which may answer one of our requests. */
  receive(message: unknown, buffers: readonly (ArrayBuffer | ArrayBufferView)[] = []): void {
    const reply = message as {
      kind?: string;
      id?: string;
      ok?: boolean;
      error?: string;
      problem_id?: string | null;
      value?: unknown;
    };
    if (reply?.kind !== "reply" || typeof reply.id !== "string") return;
    const waiting = this.#take(reply.id);
    if (!waiting) return; // another view's, or answered already
    if (reply.ok) {
      waiting.resolve({ value: reply.value as never, buffers: buffers.map(bytesOf) });
    } else {
      waiting.reject(
        new RequestError(reply.error || ("noReason" satisfies Failure), reply.problem_id ?? null),
      );
    }
  }

  /** No answer will come any more, nor to what is asked from now on: nobody must wait for one. */
  close(reason: Failure): void {
    this.#closed = reason;
    this.fail(reason);
  }

  /** No answer will come to what was asked so far. */
  fail(reason: Failure): void {
    for (const id of [...this.#waiting.keys()]) {
      this.#take(id)?.reject(new RequestError(reason));
    }
  }

  #giveUpLater(id: string, buffers: readonly ArrayBuffer[]): Waiting["timer"] {
    const bytes = buffers.reduce((sum, { byteLength }) => sum + byteLength, 0);
    return setTimeout(
      () => this.#take(id)?.reject(new RequestError("noAnswer" satisfies Failure)),
      ANSWER_TIMEOUT_MS + bytes / MIN_BYTES_PER_MS,
    );
  }

  #take(id: string): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    clearTimeout(waiting?.timer);
    return waiting;
  }
}

function bytesOf(buffer: ArrayBuffer | ArrayBufferView): ArrayBuffer {
  if (buffer instanceof ArrayBuffer) return buffer;
  const { buffer: whole, byteOffset, byteLength } = buffer;
  return new Uint8Array(whole, byteOffset, byteLength).slice().buffer;
}
