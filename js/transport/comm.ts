// Our own comm, on a kernel subshell: served in milliseconds while a cell is running, which the
// widget's own messages are not (jupyter-widgets/ipywidgets#3468).
import { PROTOCOL_VERSION } from "../protocol/common.ts";
import type { Subject, WidgetState } from "../protocol/task.ts";
import { watchConnection } from "./kernel.ts";
import { inParts } from "./parts.ts";
import { PendingRequests } from "./requests.ts";
import type { Transport } from "./transport.ts";

const COMM_TARGET = "inginious_nb";

interface CommMessage {
  content: { data: unknown };
  buffers?: (ArrayBuffer | ArrayBufferView)[];
}

export interface Comm {
  /** Undefined before JupyterLab 4.4; "perComm", once set, starts one that no other comm has. */
  commsOverSubshells?: string;
  readonly subshellStarted?: Promise<void>;
  readonly subshellId?: string | null;
  readonly isDisposed?: boolean;
  onMsg: (message: CommMessage) => void;
  onClose: () => void;
  open(data: object): unknown;
  send(data: object, metadata?: object, buffers?: ArrayBuffer[]): unknown;
  close(): unknown;
}

interface KernelSignal<T> {
  connect(slot: (sender: unknown, argument: T) => void): unknown;
  disconnect(slot: (sender: unknown, argument: T) => void): unknown;
}

export interface Kernel {
  readonly id?: string;
  /** How this page calls itself in the header of each message. */
  readonly clientId?: string;
  readonly info?: Promise<unknown>;
  readonly supportsSubshells?: boolean;
  readonly statusChanged?: KernelSignal<string>;
  readonly connectionStatusChanged?: KernelSignal<string>;
  readonly iopubMessage?: KernelSignal<unknown>;
  createComm?(target: string, id?: string): Comm;
  /** Which subshells it has now. */
  requestListSubshell?(content: object): {
    readonly done: Promise<{ readonly content: { readonly subshell_id?: readonly string[] } }>;
  };
}

/** Gets the state of a subject that is no widget of the kernel. */
export type OnState = (state: Partial<WidgetState>) => void;

/** Open our comm on a subshell, or null where the kernel or the host has none. */
export async function openComm(
  kernel: Kernel | null | undefined,
  subject: Subject,
  signal: AbortSignal,
): Promise<Transport | null> {
  await kernel?.info;
  if (!kernel?.createComm || !kernel.supportsSubshells) return null;
  const comm = kernel.createComm(COMM_TARGET);
  if (!(await startsSubshell(kernel, comm)) || signal.aborted) return null;
  return connect(kernel, comm, subject, signal, true);
}

/** Open our comm for a view that outlived its widget: the kernel makes up its state anew. */
export async function reopenComm(
  kernel: Kernel,
  subject: Subject,
  signal: AbortSignal,
  onState: OnState,
): Promise<Transport | null> {
  await kernel.info;
  const comm = kernel.createComm?.(COMM_TARGET);
  if (!comm) return null;
  const servedWhileBusy = Boolean(kernel.supportsSubshells) && (await startsSubshell(kernel, comm));
  return signal.aborted ? null : connect(kernel, comm, subject, signal, servedWhileBusy, onState);
}

async function startsSubshell(kernel: Kernel, comm: Comm): Promise<boolean> {
  // The promise of a comm whose subshell is switched off never settles.
  if (!comm.subshellStarted || comm.commsOverSubshells === "disabled") return false;
  await comm.subshellStarted;
  if (await isThere(kernel, comm)) return true;
  // JupyterLab keeps the subshell of a kernel that another page, or the server, has restarted.
  comm.commsOverSubshells = "perComm";
  return isThere(kernel, comm); // the kernel answers in order, so the new one has started then
}

/** Whether the kernel has the subshell of a comm: what is sent to another is lost. */
async function isThere(kernel: Kernel, comm: Comm): Promise<boolean> {
  const reply = await kernel.requestListSubshell?.({}).done;
  return !reply || (reply.content.subshell_id?.includes(comm.subshellId ?? "") ?? false);
}

function connect(
  kernel: Kernel,
  comm: Comm,
  subject: Subject,
  signal: AbortSignal,
  servedWhileBusy: boolean,
  onState?: OnState,
): Transport {
  const send = inParts((message, buffers) => comm.send(message, {}, buffers));
  const requests = new PendingRequests(send, servedWhileBusy);
  watchConnection(kernel, (connected) => connected || requests.fail("lost"), signal);
  let open = true;
  let tellClosed = () => {};
  const closed = new Promise<void>((resolve) => {
    tellClosed = resolve;
  });
  comm.onMsg = ({ content, buffers }) => {
    const message = content.data as { kind?: string; state?: Partial<WidgetState> };
    if (message.kind === "state" && message.state) onState?.(message.state);
    else requests.receive(message, buffers);
  };
  comm.onClose = () => {
    open = false;
    requests.close("gone");
    tellClosed();
  };
  comm.open({ v: PROTOCOL_VERSION, ...subject });
  const close = () => {
    requests.close("gone");
    tellClosed();
    if (!open) return;
    open = false;
    if (!comm.isDisposed) comm.close(); // it is, once its kernel is gone
  };
  signal.addEventListener("abort", () => queueMicrotask(close), { once: true }); // a view may still send
  return { servedWhileBusy, request: requests.request.bind(requests), close, closed };
}
