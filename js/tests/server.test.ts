import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { loadLanguage } from "../lab/language.ts";
import { OpenedClass } from "../lab/opened_class.ts";
import { openTaskView } from "../lab/task_view.ts";
import type { Subject } from "../protocol/task.ts";
import { Store } from "../state/store.ts";
import { decode, encode } from "../transport/framing.ts";
import { ServerSocket } from "../transport/server.ts";

const SUBJECT: Subject = { widget: "", task: "c/t", role: "task", problem_id: "", submission: "" };

class FakeSocket {
  binaryType = "";
  readyState: number = WebSocket.CONNECTING;
  readonly sent: Record<string, never>[] = [];
  onopen = () => {};
  onclose = () => {};
  onmessage = (_event: { data: unknown }) => {};

  send(frame: string): void {
    this.sent.push(JSON.parse(frame));
  }

  opens(): void {
    this.readyState = WebSocket.OPEN;
    this.onopen();
  }

  breaks(): void {
    this.readyState = WebSocket.CLOSED;
    this.onclose();
  }

  says(channel: string, message: object): void {
    this.onmessage({ data: JSON.stringify({ channel, message }) });
  }

  /** The channel of the view that was asked for last. */
  get channel(): string {
    return String(this.sent.findLast((envelope) => "open" in envelope)?.channel);
  }

  answersLast(value: object): void {
    const { channel, message } = this.sent.at(-1) as never as {
      channel: string;
      message: { id: string };
    };
    this.says(channel, { kind: "reply", id: message.id, ok: true, value });
  }
}

let sockets: FakeSocket[];
let server: ServerSocket;
const newest = () => sockets.at(-1) as FakeSocket;

beforeEach(() => {
  vi.useFakeTimers();
  sockets = [];
  server = new ServerSocket(() => {
    sockets.push(new FakeSocket());
    return newest() as unknown as WebSocket;
  });
  server.start();
});
afterEach(() => {
  vi.useRealTimers();
});

test("bytes go with a message", () => {
  const buffers = [new Uint8Array([1, 2]).buffer, new ArrayBuffer(0)];
  const { envelope, buffers: got } = decode(encode({ channel: "é" }, buffers));
  expect(envelope.channel).toBe("é");
  expect(got.map((buffer) => [...new Uint8Array(buffer)])).toEqual([[1, 2], []]);
});

test("what is asked before the socket is open is sent when it is", async () => {
  const asked = server.ask("openCourse", { folder: "x" });
  expect(newest().sent).toEqual([]);
  newest().opens();
  newest().answersLast({ courses: ["c"] });
  expect(await asked).toEqual({ courses: ["c"] });
});

test("the overview is what was told last", () => {
  newest().opens();
  newest().says("", { kind: "state", state: { version: "1", courses: [] } });
  newest().says("", { kind: "state", state: { lang: "fr" } });
  expect(server.overview.get()).toEqual({ version: "1", courses: [], lang: "fr" });
});

test("why there is no session is kept until there is one", () => {
  newest().opens();
  newest().says("", { kind: "closed", error: "The configuration cannot be used." });
  newest().breaks();
  expect(server.refusal.get()).toBe("The configuration cannot be used.");
  newest().says("", { kind: "state", state: { version: "1" } });
  expect(server.refusal.get()).toBe("");
});

test("a task that there is not is refused in the server's words", async () => {
  newest().opens();
  const opened = server.open(SUBJECT, () => {}, new AbortController().signal);
  newest().says(newest().channel, { kind: "closed", error: "No task t." });
  await expect(opened).rejects.toThrow("No task t.");
});

/** A view of a task, over a connection that has just been made. */
async function openedView() {
  newest().opens();
  const opening = openTaskView(
    server,
    "c/t",
    null,
    await loadLanguage("en"),
    new AbortController().signal,
  );
  newest().says(newest().channel, { kind: "state", state: { lang: "en", drafts: {} } });
  return opening;
}

test("a view goes on by itself when the connection comes back", async () => {
  const { controller, language } = await openedView();
  expect(language.t.noNotebook).toBe(language.lab.noNotebook);
  const sent = controller.ask("kill", { submission: "s" });
  await vi.advanceTimersByTimeAsync(0);
  newest().breaks();
  await sent;
  expect(controller.local.get().disconnected).toBe(true);
  await vi.advanceTimersByTimeAsync(600);
  newest().opens();
  newest().says(newest().channel, { kind: "state", state: { lang: "en", drafts: {} } });
  await vi.advanceTimersByTimeAsync(0);
  expect(controller.local.get().disconnected).toBe(false);
  const again = controller.ask("where", {});
  await vi.advanceTimersByTimeAsync(0);
  newest().answersLast({ kind: "embedded" });
  expect((await again)?.value.kind).toBe("embedded");
});

/** A view whose connection broke and came back; the server has not opened it again yet. */
async function reopening() {
  const { controller } = await openedView();
  newest().breaks();
  await vi.advanceTimersByTimeAsync(600);
  newest().opens();
  return controller;
}

test("what is entered before a view is open again is sent once it is", async () => {
  const controller = await reopening();
  controller.enter("p", "an answer");
  await vi.advanceTimersByTimeAsync(200);
  const { channel } = newest();
  newest().says(channel, { kind: "state", state: { lang: "en", drafts: {} } });
  await vi.advanceTimersByTimeAsync(200);
  expect(newest().sent.at(-1)).toMatchObject({ channel, message: { kind: "draft", problem: "p" } });
});

test.each([
  ["after", ["closed", "overview"]],
  ["before", ["overview", "closed"]],
])(
  "a view is opened once the server knows its course, which it tells %s it refuses",
  async (_, said) => {
    const controller = await reopening();
    const { channel } = newest();
    for (const kind of said) {
      if (kind === "closed") newest().says(channel, { kind, error: "No course c." });
      else newest().says("", { kind: "state", state: { courses: [] } });
      await vi.advanceTimersByTimeAsync(0);
    }
    expect(newest().channel).not.toBe(channel);
    newest().says(newest().channel, { kind: "state", state: { lang: "en", drafts: {} } });
    await vi.advanceTimersByTimeAsync(0);
    expect(controller.local.get().disconnected).toBe(false);
    expect(newest().sent.filter((envelope) => "open" in envelope)).toHaveLength(2);
  },
);

test("who ends what another one watches for has that one hear of nothing more", () => {
  const store = new Store(0);
  const heard: string[] = [];
  store.subscribe(() => {
    heard.push("first");
    end();
  });
  const end = store.subscribe(() => heard.push("second"));
  store.set(1);
  expect(heard).toEqual(["first"]);
});

test("a view that is closed is closed on the server, too", async () => {
  newest().opens();
  const ended = new AbortController();
  const opened = server.open(SUBJECT, () => {}, ended.signal);
  const { channel } = newest();
  newest().says(channel, { kind: "state", state: {} });
  await opened;
  ended.abort();
  await vi.advanceTimersByTimeAsync(0);
  expect(newest().sent.at(-1)).toEqual({ channel, close: true });
});

test("a class that is asked for before the socket is open is opened once", async () => {
  const language = await loadLanguage("en");
  const opened = new OpenedClass({ socket: server, language } as never, "folder");
  void opened.open();
  newest().opens();
  await vi.advanceTimersByTimeAsync(0);
  expect(newest().sent.filter((envelope) => "open" in envelope)).toHaveLength(1);
  newest().breaks();
  await vi.advanceTimersByTimeAsync(600);
  newest().opens();
  expect(newest().sent.filter((envelope) => "open" in envelope)).toHaveLength(1);
  opened.dispose();
});
