// The entry point that anywidget loads for a class: one view of it a widget, one Preact tree a
// place where it is shown.
import "../i18n/french.ts";
import { language, preferredLanguage } from "../i18n/index.ts";
import { showTree } from "../live_tree.ts";
import type { Model } from "../model.ts";
import type { ClassInfo } from "../protocol/class_view.ts";
import type { RequestKind } from "../protocol/task_requests.ts";
import { snapshotClass } from "../snapshot.ts";
import { chooseTransport } from "../transport/index.ts";
import { watchKernel } from "../transport/kernel.ts";
import { ClassView } from "./class_view.ts";
import { ClassPanel } from "./components/ClassPanel.tsx";
import { ClassContext } from "./components/context.ts";
import { classLanguage } from "./language.ts";
import "./style.css";

interface Props {
  model: Model;
  signal?: AbortSignal;
}

/** Views by the widget's key: anywidget hands a different proxy of the model to each place. */
const views = new Map<string, ClassView>();

function initialize({ model, signal }: Props): () => void {
  const ended = new AbortController();
  signal?.addEventListener("abort", () => ended.abort(), { once: true });
  const key = String(model.get("key"));
  const subject = { widget: key, task: "", role: "task", problem_id: "", submission: "" } as const;
  const transport = chooseTransport(model, subject, ended.signal);
  const view = new ClassView(
    async (kind, payload) => {
      const { value } = await (await transport).request(kind as RequestKind, payload as never);
      return value as never;
    },
    classLanguage(language(preferredLanguage())),
  );
  views.set(key, view);
  const receive = (message: { kind?: string; state?: ClassInfo }) => {
    if (message?.kind === "state" && message.state) view.receive(message.state);
  };
  model.on("msg:custom", receive);
  const gone = () => ended.signal.aborted || view.end();
  void transport.then(({ closed }) => closed).then(gone);
  watchKernel(model.widget_manager?.kernel, { gone, loaded: () => {} }, ended.signal);
  ended.signal.addEventListener(
    "abort",
    () => {
      model.off("msg:custom", receive);
      if (views.get(key) === view) views.delete(key);
    },
    { once: true },
  );
  void view.start(Boolean(model.get("names")));
  return () => ended.abort();
}

function render({ model, el }: Props & { el: HTMLElement }): () => void {
  const view = views.get(String(model.get("key")));
  if (!view) throw new Error("The class was rendered before it was initialised.");
  el.dataset.lmSuppressShortcuts = "true"; // arrows and Enter are the matrix's, not the notebook's
  const tree = (
    <ClassContext.Provider value={view}>
      <ClassPanel />
    </ClassContext.Provider>
  );
  return showTree(el, tree, () => hideSnapshot(String(model.get("key"))));
}

/** While the class is shown its static snapshot, an output of its own, is not. */
function hideSnapshot(key: string): () => void {
  const style = document.head.appendChild(document.createElement("style"));
  style.textContent = `.${CSS.escape(snapshotClass(key))} { display: none; }`;
  return () => style.remove();
}

export default { initialize, render };
