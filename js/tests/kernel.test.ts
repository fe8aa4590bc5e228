import { expect, test, vi } from "vitest";
import type { Kernel } from "../transport/comm.ts";
import { watchKernel } from "../transport/kernel.ts";

function watched() {
  const status = new Set<(sender: unknown, status: string) => void>();
  const messages = new Set<(sender: unknown, message: unknown) => void>();
  const kernel: Kernel = {
    statusChanged: {
      connect: (slot) => status.add(slot),
      disconnect: (slot) => status.delete(slot),
    },
    iopubMessage: {
      connect: (slot) => messages.add(slot),
      disconnect: (slot) => messages.delete(slot),
    },
  };
  const [gone, loaded, ended] = [vi.fn(), vi.fn(), new AbortController()];
  watchKernel(kernel, { gone, loaded }, ended.signal);
  const publish = (msg_type: string, msg_id: string, content: object) => {
    for (const slot of messages)
      slot(null, { header: { msg_type }, parent_header: { msg_id }, content });
  };
  const become = (to: string) => {
    for (const slot of status) slot(null, to);
  };
  return { gone, loaded, ended, publish, become, slots: () => status.size + messages.size };
}

test("a widget sleeps when its kernel goes, not when it is busy", () => {
  const { gone, become } = watched();
  for (const status of ["busy", "idle"]) become(status);
  expect(gone).not.toHaveBeenCalled();
  become("restarting");
  expect(gone).toHaveBeenCalledOnce();
});

test("it sleeps also when another page restarts the kernel", () => {
  const { gone, become, publish } = watched();
  publish("shutdown_reply", "1", { restart: true });
  expect(gone).toHaveBeenCalledOnce();
  become("starting");
  expect(gone).toHaveBeenCalledTimes(2);
});

test("it wakes when code that may have loaded the extension has ended", () => {
  const { loaded, publish } = watched();
  publish("execute_input", "1", { code: "x = 1" });
  publish("status", "1", { execution_state: "idle" });
  expect(loaded).not.toHaveBeenCalled();
  publish("execute_input", "2", { code: "%load_ext inginious_nb" });
  publish("status", "2", { execution_state: "busy" });
  expect(loaded).not.toHaveBeenCalled();
  publish("status", "2", { execution_state: "idle" });
  publish("status", "2", { execution_state: "idle" });
  expect(loaded).toHaveBeenCalledOnce();
});

test("nothing is watched after the end", () => {
  const { ended, slots } = watched();
  expect(slots()).toBe(2);
  ended.abort();
  expect(slots()).toBe(0);
});

test("a host without a kernel tells nothing", () => {
  const gone = vi.fn();
  watchKernel(null, { gone, loaded: gone }, new AbortController().signal);
  expect(gone).not.toHaveBeenCalled();
});
