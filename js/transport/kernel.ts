// Tells when a kernel went away under its widgets, and when its successor has loaded inginious_nb
// so that they can go on. The page sees both in what the kernel publishes, also where another page
// restarts it; nobody polls.
import type { Kernel } from "./comm.ts";

/** "starting" is what a new process says first, of which there may have been one before. */
const GONE = ["restarting", "autorestarting", "terminating", "dead", "starting"];

interface Listeners {
  /** The kernel went away. */
  gone: () => void;
  /** Its successor may have loaded inginious_nb. */
  loaded: () => void;
}

interface Message {
  header?: { msg_type?: string };
  parent_header?: { msg_id?: string };
  content?: { code?: string; execution_state?: string };
}

/** Call back when the connection to the kernel changes: whether it is there. */
export function watchConnection(
  kernel: Kernel | null | undefined,
  changed: (connected: boolean) => void,
  signal: AbortSignal,
): void {
  const onStatus = (_kernel: unknown, status: string) => changed(status === "connected");
  kernel?.connectionStatusChanged?.connect(onStatus);
  const stop = () => kernel?.connectionStatusChanged?.disconnect(onStatus);
  signal.addEventListener("abort", stop, { once: true });
}

export function watchKernel(
  kernel: Kernel | null | undefined,
  { gone, loaded }: Listeners,
  signal: AbortSignal,
): void {
  const loading = new Set<string>();

  const onStatus = (_kernel: unknown, status: string) => {
    if (GONE.includes(status)) gone();
  };
  const onMessage = (_kernel: unknown, message: unknown) => {
    const { header, parent_header: parent, content } = message as Message;
    if (header?.msg_type === "shutdown_reply") gone();
    const id = parent?.msg_id;
    if (!id) return;
    if (header?.msg_type === "execute_input" && content?.code?.includes("inginious")) {
      loading.add(id);
    } else if (header?.msg_type === "status" && content?.execution_state === "idle") {
      // The code that may have loaded the extension has ended.
      if (loading.delete(id)) loaded();
    }
  };
  kernel?.statusChanged?.connect(onStatus);
  kernel?.iopubMessage?.connect(onMessage);
  signal.addEventListener(
    "abort",
    () => {
      kernel?.statusChanged?.disconnect(onStatus);
      kernel?.iopubMessage?.disconnect(onMessage);
    },
    { once: true },
  );
}
