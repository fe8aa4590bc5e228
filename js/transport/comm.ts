// Our own comm, on a kernel subshell: served in milliseconds while a cell is running, which the
// widget's own messages are not (jupyter-widgets/ipywidgets#3468).
import { PROTOCOL_VERSION, type WidgetState } from "../protocol.ts";
import { Requests } from "./requests.ts";
import type { Transport } from "./transport.ts";

export const COMM_TARGET = "inginious_nb";

interface CommMessage {
  content: { data: unknown };
  buffers?: (ArrayBuffer | ArrayBufferView)[];
}

export interface Comm {
  /** Undefined before JupyterLab 4.4. */
  readonly commsOverSubshells?: string;
  readonly subshellStarted?: Promise<void>;
  onMsg: (message: CommMessage) => void;
  onClose: () => void;
  open(data: object): unknown;
  send(data: object, metadata?: object, buffers?: ArrayBuffer[]): unknown;
  close(): unknown;
}

export interface Kernel {
  readonly id?: string;
  readonly info?: Promise<unknown>;
  readonly supportsSubshells?: boolean;
  readonly status?: string;
  readonly statusChanged?: {
    connect(slot: (sender: unknown, status: string) => void): unknown;
    disconnect(slot: (sender: unknown, status: string) => void): unknown;
  };
  createComm?(target: string, id?: string): Comm;
}

/** What the kernel needs to know to serve this comm: a live widget, else the task by its name. */
export interface Subject {
  widget: string;
  task: string;
  role: string;
  problem_id: string;
}

/** Open our comm on a subshell, or null where the kernel or the host has none. */
export async function openComm(
  kernel: Kernel | null | undefined,
  subject: Subject,
  signal: AbortSignal,
): Promise<Transport | null> {
  await kernel?.info;
  if (!kernel?.createComm || !kernel.supportsSubshells) return null;
  const comm = kernel.createComm(COMM_TARGET);
  // The promise of a comm whose subshell is switched off never settles.
  if (!comm.subshellStarted || comm.commsOverSubshells === "disabled") return null;
  await comm.subshellStarted;
  if (signal.aborted) return null;
  return connect(comm, subject, signal, true);
}

/** Open our comm on the main shell: for a view whose widget the kernel does not know (yet). */
export function openPlainComm(
  kernel: Kernel,
  subject: Subject,
  signal: AbortSignal,
  onState: (state: Partial<WidgetState>) => void,
): Transport | null {
  const comm = kernel.createComm?.(COMM_TARGET);
  return comm ? connect(comm, subject, signal, false, onState) : null;
}

function connect(
  comm: Comm,
  subject: Subject,
  signal: AbortSignal,
  servedWhileBusy: boolean,
  onState?: (state: Partial<WidgetState>) => void,
): Transport {
  const requests = new Requests((message, buffers) => comm.send(message, {}, buffers));
  let open = true;
  comm.onMsg = ({ content, buffers }) => {
    const message = content.data as { kind?: string; state?: Partial<WidgetState> };
    if (message.kind === "state" && message.state) onState?.(message.state);
    else requests.receive(message, buffers);
  };
  comm.onClose = () => {
    open = false;
    requests.fail("The kernel was restarted or stopped before it answered.");
  };
  comm.open({ v: PROTOCOL_VERSION, ...subject });
  const close = () => {
    if (!open) return;
    open = false;
    comm.close();
  };
  signal.addEventListener("abort", close, { once: true });
  return { servedWhileBusy, request: requests.request.bind(requests), close };
}
