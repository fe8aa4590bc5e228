// The third transport: the WebSocket of our Jupyter Server extension, for JupyterLab's own
// interface. It needs no kernel. One socket a page; each view of a task has a channel of it.
import type { ClassSubject } from "../protocol/class_view.ts";
import type { Overview, OverviewReplies, OverviewRequests, TaskRow } from "../protocol/overview.ts";
import type { Subject, WidgetState } from "../protocol/task.ts";
import type { RequestKind } from "../protocol/task_requests.ts";
import { Store } from "../state/store.ts";
import { uniqueId } from "../unique_id.ts";
import { decode, encode } from "./framing.ts";
import { PendingRequests } from "./requests.ts";
import { RequestError, type Transport } from "./transport.ts";

const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 30_000;

interface Channel {
  receive: (message: unknown, buffers: ArrayBuffer[]) => void;
  lost: () => void;
}

interface Message {
  kind?: string;
  state?: object;
  error?: string;
}

export type ServerState = "connecting" | "open" | "lost";

export class ServerSocket {
  readonly state = new Store<ServerState>("connecting");
  /** Null until the server has told it. */
  readonly overview = new Store<Overview | null>(null);
  /** Why the server has no session for this person, in its words; empty if it has. */
  readonly refusal = new Store("");
  readonly #connect: () => WebSocket;
  readonly #channels = new Map<string, Channel>();
  readonly #requests: PendingRequests;
  #socket: WebSocket | null = null;
  #unsent: (string | ArrayBuffer)[] = [];
  #delay = FIRST_DELAY_MS;

  constructor(connect: () => WebSocket) {
    this.#connect = connect;
    this.#requests = new PendingRequests((message, buffers) => this.#send({ message }, buffers));
    this.#channels.set("", {
      receive: (message, buffers) => this.#receiveOverview(message as Message, buffers),
      lost: () => this.#requests.fail("gone"),
    });
  }

  /** The tasks of all courses, as far as they are known. */
  get tasks(): TaskRow[] {
    return this.overview.get()?.courses.flatMap(({ tasks }) => tasks) ?? [];
  }

  /** Connect, and again whenever the connection breaks. */
  start(): void {
    const socket = this.#connect();
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    socket.onopen = () => {
      this.#delay = FIRST_DELAY_MS;
      for (const frame of this.#unsent.splice(0)) socket.send(frame);
      this.state.set("open");
    };
    socket.onmessage = ({ data }) => {
      const { envelope, buffers } = decode(data);
      this.#channels.get(envelope.channel ?? "")?.receive(envelope.message, buffers);
    };
    socket.onclose = () => {
      this.#unsent = [];
      this.state.set("lost");
      for (const channel of [...this.#channels.values()]) channel.lost();
      setTimeout(() => this.start(), this.#delay);
      this.#delay = Math.min(2 * this.#delay, MAX_DELAY_MS);
    };
  }

  /** Ask what belongs to no task; rejects with a RequestError that says why. */
  async ask<K extends keyof OverviewRequests>(
    kind: K,
    payload: OverviewRequests[K],
    buffers: ArrayBuffer[] = [],
  ): Promise<OverviewReplies[K]> {
    const { value } = await this.#requests.request(kind as RequestKind, payload as never, buffers);
    return value as unknown as OverviewReplies[K];
  }

  /**
   * Open a view of a task or of a class; settled with its first state, and rejected if the server refuses it.
   * `onState` gets what changes afterwards. Whoever hears of the end of `signal` may still send.
   */
  open<State = WidgetState>(
    subject: Subject | ClassSubject,
    onState: (changed: Partial<State>) => void,
    signal: AbortSignal,
  ): Promise<{ transport: Transport; state: Partial<State> }> {
    const channel = uniqueId();
    const requests = new PendingRequests((message, buffers) =>
      this.#send({ channel, message }, buffers),
    );
    let tellClosed = () => {};
    const closed = new Promise<void>((resolve) => {
      tellClosed = resolve;
    });
    const end = () => {
      this.#channels.delete(channel);
      requests.close("gone");
      tellClosed();
    };
    const close = () => {
      if (!this.#channels.has(channel)) return;
      end();
      if (this.state.get() === "open") this.#send({ channel, close: true });
    };
    const transport = {
      servedWhileBusy: true,
      request: requests.request.bind(requests),
      close,
      closed,
    };
    return new Promise((resolve, reject) => {
      this.#send({ channel, open: subject });
      let isFirst = true;
      this.#channels.set(channel, {
        receive: (message, buffers) => {
          const { kind, state, error } = message as Message;
          if (kind === "closed") {
            end();
            reject(new RequestError(error ?? "gone"));
          } else if (kind !== "state") requests.receive(message, buffers);
          else if (isFirst) resolve({ transport, state: state ?? {} });
          else onState(state ?? {});
          if (kind === "state") isFirst = false;
        },
        lost: () => {
          end();
          reject(new RequestError("gone"));
        },
      });
      signal.addEventListener("abort", () => queueMicrotask(close), { once: true });
    });
  }

  #send(envelope: object, buffers: ArrayBuffer[] = []): void {
    const frame = encode({ channel: "", ...envelope }, buffers);
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(frame);
    else if (this.state.get() === "lost") throw new RequestError("gone");
    else this.#unsent.push(frame);
  }

  #receiveOverview(message: Message, buffers: ArrayBuffer[]): void {
    if (message.kind === "closed") this.refusal.set(message.error ?? "");
    else if (message.kind !== "state") this.#requests.receive(message, buffers);
    else {
      this.refusal.set("");
      this.overview.set({ ...this.overview.get(), ...message.state } as Overview);
    }
  }
}
