// A view of a task that the server serves: a controller as the widget has it, which goes on by
// itself when the connection comes back.

import type { Notebook } from "../notebook/notebook.ts";
import type { Subject, WidgetState } from "../protocol/task.ts";
import { Controller } from "../state/controller.ts";
import { EMPTY_STATE } from "../state/empty_state.ts";
import { Store } from "../state/store.ts";
import type { ServerSocket } from "../transport/server.ts";
import { uniqueId } from "../unique_id.ts";
import type { LabLanguage } from "./language.ts";
import { signIn } from "./sign_in.ts";

export interface TaskView {
  readonly controller: Controller;
  readonly language: LabLanguage;
  readonly signIn: () => void;
}

/** Open a view; rejects with the server's sentence if there is no such task. */
export async function openTaskView(
  socket: ServerSocket,
  task: string,
  notebook: Notebook | null,
  language: LabLanguage,
  signal: AbortSignal,
): Promise<TaskView> {
  const subject: Subject = { widget: "", task, role: "task", problem_id: "", submission: "" };
  const { transport, state } = await socket.open(
    subject,
    (changed) => synced.update(changed),
    signal,
  );
  const synced = new Store<WidgetState>({ ...EMPTY_STATE, key: uniqueId(), lang: "", ...state });
  const controller = new Controller({
    synced,
    transport: Promise.resolve(transport),
    notebook,
    lang: language.code,
    signal,
  });
  void transport.closed.then(() => signal.aborted || controller.disconnect());
  let isOpening = false;
  const reconnect = async () => {
    const { disconnected } = controller.local.get();
    if (isOpening || !disconnected || signal.aborted || socket.state.get() !== "open") return;
    isOpening = true;
    const known = socket.overview.get();
    const again = await socket
      .open(subject, (changed) => synced.update(changed), signal)
      .catch(() => null)
      .finally(() => {
        isOpening = false;
      });
    if (!again) {
      if (socket.overview.get() !== known) await reconnect(); // it may know the course by now
      return;
    }
    void again.transport.closed.then(() => signal.aborted || controller.disconnect());
    controller.reconnect(again.transport, again.state);
  };
  // With the connection; a server that was restarted may not know the course at once.
  for (const store of [socket.state, socket.overview])
    signal.addEventListener(
      "abort",
      store.subscribe(() => void reconnect()),
      { once: true },
    );
  controller.start();
  return { controller, language, signIn: () => void signIn(socket, language) };
}
