// Matches replies to requests by id. Knows no comm: it is given a way to send, and is told what
// was received.
import { PROTOCOL_VERSION, type RequestKind, type Requests } from "../protocol.ts";
import { uniqueId } from "../unique_id.ts";
import { type Answer, type Failure, RequestError } from "./transport.ts";

type Send = (message: object, buffers: ArrayBuffer[]) => void;

interface Waiting {
  resolve: (answer: Answer<RequestKind>) => void;
  reject: (error: RequestError) => void;
}

export class PendingRequests {
  readonly #send: Send;
  readonly #waiting = new Map<string, Waiting>();

  constructor(send: Send) {
    this.#send = send;
  }

  request<K extends RequestKind>(
    kind: K,
    payload: Requests[K],
    buffers: ArrayBuffer[] = [],
  ): Promise<Answer<K>> {
    const id = uniqueId();
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as Waiting["resolve"], reject });
      try {
        this.#send({ ...payload, v: PROTOCOL_VERSION, kind, id }, buffers);
      } catch (error) {
        this.#waiting.delete(id);
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
    const waiting = this.#waiting.get(reply.id);
    if (!waiting) return; // another view's, or answered already
    this.#waiting.delete(reply.id);
    if (reply.ok) {
      waiting.resolve({ value: reply.value as never, buffers: buffers.map(bytesOf) });
    } else {
      waiting.reject(
        new RequestError(reply.error || ("noReason" satisfies Failure), reply.problem_id ?? null),
      );
    }
  }

  /** No answer will come any more. */
  fail(reason: Failure): void {
    for (const { reject } of this.#waiting.values()) reject(new RequestError(reason));
    this.#waiting.clear();
  }
}

function bytesOf(buffer: ArrayBuffer | ArrayBufferView): ArrayBuffer {
  if (buffer instanceof ArrayBuffer) return buffer;
  const { buffer: whole, byteOffset, byteLength } = buffer;
  return new Uint8Array(whole, byteOffset, byteLength).slice().buffer;
}
