// The fallback: the widget's own custom messages. They work in every host that shows widgets, but
// wait while a cell is running.
import type { Model } from "../model.ts";
import { watchConnection } from "./kernel.ts";
import { inParts } from "./parts.ts";
import { PendingRequests } from "./requests.ts";
import type { Transport } from "./transport.ts";

export function modelTransport(model: Model, signal: AbortSignal): Transport {
  const send = inParts((message, buffers) => model.send(message, undefined, buffers));
  const requests = new PendingRequests(send);
  const kernel = model.widget_manager?.kernel;
  watchConnection(kernel, (connected) => connected || requests.fail("lost"), signal);
  const receive = (message: unknown, buffers: DataView[]) => {
    requests.receive(message, buffers);
  };
  model.on("msg:custom", receive);
  let tellClosed = () => {};
  const closed = new Promise<void>((resolve) => {
    tellClosed = resolve;
  });
  const close = () => {
    tellClosed();
    model.off("msg:custom", receive);
    requests.close("closed");
  };
  signal.addEventListener("abort", () => queueMicrotask(close), { once: true }); // a view may still send
  return { servedWhileBusy: false, request: requests.request.bind(requests), close, closed };
}
