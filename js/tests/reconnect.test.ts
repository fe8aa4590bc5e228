import { afterEach, beforeEach, expect, test } from "vitest";
import taskWidget from "../index.tsx";
import type { Kernel } from "../transport/comm.ts";
import { emptyState, FakeComm, FakeModel } from "./fakes.ts";

let ended: AbortController;
beforeEach(() => {
  ended = new AbortController();
});
afterEach(() => ended.abort());

const settled = () => new Promise((resolve) => setTimeout(resolve));

/** A widget whose kernel is restarted; what it asks of the next one shows that it goes on with that. */
function restarted(makeComm: (number: number) => FakeComm) {
  const status = new Set<(sender: unknown, status: string) => void>();
  const messages = new Set<(sender: unknown, message: unknown) => void>();
  const comms: FakeComm[] = [];
  const kernel: Kernel = {
    info: Promise.resolve(),
    statusChanged: { connect: (slot) => status.add(slot), disconnect: () => {} },
    iopubMessage: { connect: (slot) => messages.add(slot), disconnect: () => {} },
    createComm: () => {
      const comm = makeComm(comms.length);
      comms.push(comm);
      return comm;
    },
  };
  const model = new FakeModel();
  model.widget_manager = { kernel };
  taskWidget.initialize({ model, signal: ended.signal });
  return {
    comms,
    restart: () => {
      for (const slot of status) slot(null, "restarting");
    },
    load: () => {
      const publish = (msg_type: string, content: object) => {
        for (const slot of messages)
          slot(null, { header: { msg_type }, parent_header: { msg_id: "1" }, content });
      };
      publish("execute_input", { code: "%load_ext inginious_nb" });
      publish("status", { execution_state: "idle" });
    },
    /** The kernel makes up the state, in a language of its own, which the page then changes. */
    serve: async (comm: FakeComm | undefined) => {
      comm?.onMsg({ content: { data: { kind: "state", state: { ...emptyState, lang: "fr" } } } });
      await settled();
      return comm?.sent.map(({ kind }) => kind);
    },
  };
}

test("a kernel that is restarted again meanwhile is reconnected to once it has loaded", async () => {
  const { comms, restart, load, serve } = restarted((number) => {
    const comm = new FakeComm("disabled", Promise.resolve());
    // JupyterLab disposes of the comms of a kernel that is restarted.
    if (number === 0) comm.open = () => expect.fail("Cannot open");
    return comm;
  });
  restart();
  load();
  restart();
  load();
  await settled();
  expect(comms).toHaveLength(2);
  expect(await serve(comms[1])).toContain("lang");
});

test("a view that its kernel forgets goes on when the extension is loaded again", async () => {
  const { comms, restart, load, serve } = restarted(
    () => new FakeComm("disabled", Promise.resolve()),
  );
  restart();
  load();
  await settled();
  expect(await serve(comms[0])).toContain("lang");
  comms[0]?.onClose();
  await settled();
  load();
  await settled();
  expect(await serve(comms[1])).toContain("lang");
});
