// Chooses the transport: our own comm where the kernel has subshells, else the widget's messages.
import type { Model } from "../model.ts";
import type { Subject } from "../protocol/task.ts";
import { openComm } from "./comm.ts";
import { modelTransport } from "./messages.ts";
import type { Transport } from "./transport.ts";

export async function chooseTransport(
  model: Model,
  subject: Subject,
  signal: AbortSignal,
): Promise<Transport> {
  try {
    const comm = await openComm(model.widget_manager?.kernel, subject, signal);
    if (comm) return comm;
  } catch (error) {
    console.warn("[inginious] no subshell; requests wait while a cell is running.", error);
  }
  return modelTransport(model, signal);
}

export { RequestError, type Transport } from "./transport.ts";
