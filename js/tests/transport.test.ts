import { expect, test, vi } from "vitest";
import type { Subject } from "../protocol/task.ts";
import type { Kernel } from "../transport/comm.ts";
import { chooseTransport, RequestError } from "../transport/index.ts";
import { FakeComm, FakeModel } from "./fakes.ts";

const subject: Subject = { widget: "k", task: "c/t", role: "task", problem_id: "", submission: "" };

function kernelWith(comm: FakeComm, supportsSubshells = true): Kernel {
  return { supportsSubshells, info: Promise.resolve(), createComm: () => comm };
}

test("a comm is opened only after its subshell has started", async () => {
  let start = () => {};
  const comm = new FakeComm(
    "perCommTarget",
    new Promise((resolve) => {
      start = resolve;
    }),
  );
  const model = new FakeModel();
  model.widget_manager.kernel = kernelWith(comm);
  const chosen = chooseTransport(model, subject, new AbortController().signal);
  await Promise.resolve();
  expect(comm.opened).toEqual([]);
  start();
  expect((await chosen).servedWhileBusy).toBe(true);
  expect(comm.opened).toEqual([{ v: 1, ...subject }]);
});

test("a comm gets a subshell of its own where the kernel lost the one of all", async () => {
  const comm = new FakeComm("perCommTarget", Promise.resolve());
  comm.subshellId = "of the kernel before";
  const model = new FakeModel();
  const requestListSubshell = () => {
    if (comm.commsOverSubshells === "perComm") comm.subshellId = "new";
    return { done: Promise.resolve({ content: { subshell_id: ["new"] } }) };
  };
  model.widget_manager.kernel = { ...kernelWith(comm), requestListSubshell };
  const transport = await chooseTransport(model, subject, new AbortController().signal);
  expect(transport.servedWhileBusy).toBe(true);
  expect(comm.commsOverSubshells).toBe("perComm");
});

test.each<[string, () => Kernel | null]>([
  ["a host without a kernel", () => null],
  ["a host without comms", () => ({ supportsSubshells: true })],
  ["no subshells", () => kernelWith(new FakeComm("perCommTarget", Promise.resolve()), false)],
  ["subshells switched off", () => kernelWith(new FakeComm("disabled", new Promise(() => {})))],
  ["a subshell that fails", () => kernelWith(new FakeComm("perComm", Promise.reject(new Error())))],
])("%s leaves the widget's own messages", async (_name, kernel) => {
  const model = new FakeModel();
  model.widget_manager.kernel = kernel();
  const transport = await chooseTransport(model, subject, new AbortController().signal);
  expect(transport.servedWhileBusy).toBe(false);
  const answer = transport.request("kill", { submission: "s" });
  expect(model.sent[0]?.content).toMatchObject({ v: 1, kind: "kill", submission: "s" });
  model.reply("kill", {});
  expect((await answer).value).toEqual({});
});

test("each answer settles its own request, once", async () => {
  const model = new FakeModel();
  const transport = await chooseTransport(model, subject, new AbortController().signal);
  const first = transport.request("submit", { cells: [], answers: {} });
  const second = transport.request("submit", { cells: [], answers: {} });
  const [one, two] = model.sent.map(({ content }) => content.id);
  const reply = (id: unknown, value: string) =>
    model.emit("msg:custom", { kind: "reply", id, ok: true, value: { submission: value } }, []);
  reply(two, "2");
  reply(two, "again");
  reply("somebody else's", "3");
  reply(one, "1");
  expect((await first).value.submission).toBe("1");
  expect((await second).value.submission).toBe("2");
});

test("a refusal carries the kernel's sentence and the problem it is about", async () => {
  const model = new FakeModel();
  const transport = await chooseTransport(model, subject, new AbortController().signal);
  const answer = transport.request("submit", { cells: [], answers: {} });
  model.refuse("submit", "Write something.", "p");
  const error = await answer.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(RequestError);
  expect(error).toMatchObject({ message: "Write something.", problemId: "p" });
});

test("bytes come with the answer", async () => {
  const model = new FakeModel();
  const transport = await chooseTransport(model, subject, new AbortController().signal);
  const answer = transport.request("archive", { submission: "s" });
  const whole = new Uint8Array([9, 1, 2, 3, 9]);
  const id = model.sent[0]?.content.id;
  const part = new DataView(whole.buffer, 1, 3);
  model.emit("msg:custom", { kind: "reply", id, ok: true, value: { filename: "a" } }, [part]);
  expect([...new Uint8Array((await answer).buffers[0] ?? new ArrayBuffer())]).toEqual([1, 2, 3]);
});

test("a comm that the kernel closes ends the waiting and says why", async () => {
  const comm = new FakeComm("perCommTarget", Promise.resolve());
  const model = new FakeModel();
  model.widget_manager.kernel = kernelWith(comm);
  const transport = await chooseTransport(model, subject, new AbortController().signal);
  const answer = transport.request("submit", { cells: [], answers: {} });
  comm.onClose();
  await expect(answer).rejects.toThrow("gone");
});

test("a connection that breaks ends the waiting, whatever the way", async () => {
  for (const comm of [new FakeComm("perCommTarget", Promise.resolve()), null]) {
    let tell = (_kernel: unknown, _status: string) => {};
    const connectionStatusChanged = {
      connect: (slot: typeof tell) => {
        tell = slot;
      },
      disconnect: () => {},
    };
    const model = new FakeModel();
    model.widget_manager.kernel = comm
      ? { ...kernelWith(comm), connectionStatusChanged }
      : { connectionStatusChanged };
    const transport = await chooseTransport(model, subject, new AbortController().signal);
    expect(transport.servedWhileBusy).toBe(comm !== null);
    const answer = transport.request("submit", { cells: [], answers: {} });
    tell(null, "connecting");
    await expect(answer).rejects.toThrow("lost");
    const again = transport.request("kill", { submission: "s" });
    tell(null, "connected");
    const reply = { v: 1, kind: "reply", id: comm?.sent.at(-1)?.id, ok: true, value: {} };
    if (comm) comm.onMsg({ content: { data: reply } });
    else model.reply("kill", {});
    expect((await again).value).toEqual({});
  }
});

test("a comm that nobody serves any more does not wait for ever", async () => {
  vi.useFakeTimers();
  const model = new FakeModel();
  model.widget_manager.kernel = kernelWith(new FakeComm("perCommTarget", Promise.resolve()));
  const transport = await chooseTransport(model, subject, new AbortController().signal);
  const answer = transport.request("submit", { cells: [], answers: {} });
  const refused = expect(answer).rejects.toThrow("noAnswer");
  await vi.advanceTimersByTimeAsync(60_000);
  await refused;
  vi.useRealTimers();
});
