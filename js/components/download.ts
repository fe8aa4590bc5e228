// Hands bytes that came from the kernel to the browser as a download; they are never opened here.
import type { Requests } from "../protocol/task_requests.ts";
import type { Controller } from "../state/controller.ts";

export async function saveReply<K extends "archive" | "output">(
  controller: Controller,
  kind: K,
  payload: Requests[K],
): Promise<void> {
  const answer = await controller.ask(kind, payload);
  const bytes = answer?.buffers[0];
  if (!answer || !bytes) return;
  const url = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = answer.value.filename;
  link.click();
  // The browser has taken the bytes once the click was handled.
  setTimeout(() => URL.revokeObjectURL(url), 0);
}
