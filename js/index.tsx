// The entry point that anywidget loads: one controller a widget, one Preact tree a view of it.
import { AnswerPanel } from "./components/AnswerPanel.tsx";
import { CommandPanel } from "./components/CommandPanel.tsx";
import { AppContext } from "./components/context.ts";
import { SignInForm } from "./components/SignInForm.tsx";
import { TaskPanel } from "./components/TaskPanel.tsx";
import "./i18n/french.ts";
import { language, preferredLanguage } from "./i18n/index.ts";
import { showTree } from "./live_tree.ts";
import type { Model } from "./model.ts";
import { findNotebook, findNotebookAround, isInConsole } from "./notebook/find.ts";
import { rememberSession, whoIsAsked } from "./notebook/pages.ts";
import type { Subject } from "./protocol/task.ts";
import { RESULT_CLASS, snapshotClass } from "./snapshot.ts";
import { Controller } from "./state/controller.ts";
import { syncedState } from "./state/synced.ts";
import { type Kernel, reopenComm } from "./transport/comm.ts";
import { chooseTransport, type Transport } from "./transport/index.ts";
import { watchConnection, watchKernel } from "./transport/kernel.ts";
import "./style/widget.css";

interface InitializeProps {
  model: Model;
  signal?: AbortSignal;
}

interface RenderProps extends InitializeProps {
  el: HTMLElement;
}

/** Controllers by the widget's key: anywidget hands a different proxy of the model to each view. */
const controllers = new Map<string, Controller>();

function initialize({ model, signal }: InitializeProps): () => void {
  const ended = new AbortController();
  signal?.addEventListener("abort", () => ended.abort(), { once: true });
  const synced = syncedState(model, ended.signal);
  const { key, task, role, problem_id } = synced.get();
  const subject = { widget: key, task: task?.ref ?? "", role, problem_id, submission: "" };
  const transport = chooseTransport(model, subject, ended.signal);
  const notebook = findNotebook(model);
  const session = model.widget_manager?.kernel?.clientId;
  rememberSession(session, notebook);
  const controller = new Controller({
    synced,
    transport,
    notebook,
    isAsked: (request, around) => whoIsAsked(request, around?.session ?? session, around),
    kernelId: model.widget_manager?.kernel?.id ?? "",
    lang: preferredLanguage(),
    signal: ended.signal,
  });
  controllers.set(key, controller);
  const forget = () => controllers.get(key) === controller && controllers.delete(key);
  ended.signal.addEventListener("abort", forget, { once: true });
  followKernel(controller, model.widget_manager?.kernel, subject, ended.signal);
  // A host may have saved our state with the notebook: another kernel does not know this widget.
  void transport
    .then(({ closed }) => closed)
    .then(() => ended.signal.aborted || controller.disconnect());
  controller.start();
  return () => ended.abort();
}

/** Disconnect when the kernel is restarted, reconnect when its successor has our extension. */
function followKernel(
  controller: Controller,
  kernel: Kernel | null | undefined,
  subject: Subject,
  signal: AbortSignal,
): void {
  let reconnecting: Promise<Transport | null> | null = null;
  const gone = () => {
    reconnecting = null;
    controller.disconnect();
  };
  const loaded = () => {
    if (!kernel || reconnecting || !controller.local.get().disconnected) return;
    const submission = controller.synced.get().result?.submission ?? "";
    const ours = reopenComm(kernel, { ...subject, submission }, signal, (state) => {
      if (reconnecting !== ours) return; // of a kernel that is gone again
      if (!controller.local.get().disconnected) controller.synced.update(state);
      else void ours.then((transport) => transport && controller.reconnect(transport, state));
    });
    reconnecting = ours;
    // A kernel that does not know the task closes the comm, or one that forgets it: try again with the next cell.
    const retry = () => {
      if (reconnecting === ours && !signal.aborted) gone();
    };
    ours.then((transport) => {
      void transport?.closed.then(retry);
      if (reconnecting !== ours) transport?.close();
    }, retry);
  };
  watchKernel(kernel, { gone, loaded }, signal);
  // A preview that was on its way is lost with the connection.
  watchConnection(kernel, (connected) => connected && controller.preview(), signal);
}

function render({ model, el }: RenderProps): () => void {
  const key = String(model.get("key"));
  const controller = controllers.get(key);
  if (!controller) throw new Error("The widget was rendered before it was initialised.");
  const role = model.get("role");
  const Panel = role === "answer" ? AnswerPanel : role === "submission" ? CommandPanel : TaskPanel;
  const tree = (
    <AppContext.Provider value={{ controller, language: language(controller.lang), SignInForm }}>
      <Panel />
    </AppContext.Provider>
  );
  return showTree(el, tree, () => {
    const left = new AbortController();
    const showSnapshot = hideSnapshot(controller);
    void findNotebookAround(model, key, el).then((notebook) => {
      if (left.signal.aborted) return;
      if (!notebook) {
        if (isInConsole(el)) controller.enterConsole();
        return;
      }
      const enter = () => controller.enterNotebook(notebook);
      enter();
      // A copy of a notebook shows the same widget: the view that somebody uses counts.
      for (const event of ["pointerdown", "focusin"])
        el.addEventListener(event, enter, { capture: true, signal: left.signal });
    });
    return () => {
      left.abort();
      showSnapshot();
    };
  });
}

/**
 * While the widget is shown its static snapshot, an output of its own, is not; unless it has a
 * result that the history here does not know, such as another person's.
 */
function hideSnapshot(controller: Controller): () => void {
  const style = document.createElement("style");
  const update = () => {
    const { key, history, result } = controller.synced.get();
    const unknown = result || history.length ? "" : `:not([class*="${RESULT_CLASS}"])`;
    style.textContent = `.${CSS.escape(snapshotClass(key))}${unknown} { display: none; }`;
  };
  update();
  document.head.appendChild(style);
  const unsubscribe = controller.synced.subscribe(update);
  return () => {
    unsubscribe();
    style.remove();
  };
}

export default { initialize, render };
