// A task in a panel of its own, which is answered by the notebook that was looked at last.
import type { INotebookTracker, NotebookPanel } from "@jupyterlab/notebook";
import { Store } from "../state/store.ts";
import type { LabNotebook } from "./lab_notebook.ts";
import type { TaskView } from "./task_view.ts";
import type { IInginious } from "./tokens.ts";

interface Shown {
  view: TaskView | null;
  notebook: LabNotebook | null;
  /** Why there is none. */
  error: string;
}

export class FollowedTask {
  readonly state = new Store<Shown>({ view: null, notebook: null, error: "" });
  readonly #inginious: IInginious;
  readonly #task: string;
  readonly #tracker: INotebookTracker | null;
  readonly #ends: (() => void)[];
  #opening = new AbortController();
  #panel: NotebookPanel | null = null;
  #isOpened = false;

  constructor(inginious: IInginious, task: string, tracker: INotebookTracker | null) {
    this.#inginious = inginious;
    this.#task = task;
    this.#tracker = tracker;
    tracker?.currentChanged.connect(this.#follow, this);
    this.#ends = [
      inginious.socket.state.subscribe(this.#retry),
      inginious.socket.overview.subscribe(this.#retry),
    ];
    this.#follow();
  }

  dispose(): void {
    this.#opening.abort();
    for (const end of this.#ends) end();
    this.#tracker?.currentChanged.disconnect(this.#follow, this);
  }

  #follow(): void {
    const panel = this.#tracker?.currentWidget ?? null;
    const isKept = panel === this.#panel || (!panel && !this.#panel?.isDisposed);
    if (this.#isOpened && isKept) return;
    this.#panel = panel;
    this.#open();
  }

  #open(): void {
    this.#isOpened = true;
    const before = this.#opening;
    const opening = new AbortController();
    opening.signal.addEventListener("abort", () => before.abort());
    this.#opening = opening;
    const panel = this.#panel;
    const known = this.#inginious.socket.overview.get();
    this.#inginious.open(this.#task, panel, opening.signal).then(
      (view) => {
        if (opening !== this.#opening) return;
        const notebook = panel && this.#inginious.answers(panel).notebook;
        this.state.set({ view, notebook, error: "" });
        before.abort(); // not earlier: until now it was answered there
      },
      (error: Error) => {
        if (opening.signal.aborted || opening !== this.#opening) return;
        before.abort();
        this.#refused(error.message);
        if (this.#inginious.socket.overview.get() !== known) this.#retry(); // it came meanwhile
      },
    );
  }

  #refused(reason: string): void {
    const { gone } = this.#inginious.language.lab;
    this.state.update({ error: reason === "gone" ? gone : reason });
  }

  /** Open what was refused while the server was away, or before it knew the course. */
  readonly #retry = () => {
    const { socket } = this.#inginious;
    if (!this.state.get().error || socket.state.get() !== "open") return;
    if (socket.tasks.some(({ ref }) => ref === this.#task)) this.#open();
  };
}
