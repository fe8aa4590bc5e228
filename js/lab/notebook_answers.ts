// The answers of one notebook: which of its cells answer which problems, as the server reads them,
// and one view of each task, which all its cells share.
import type { AnswerCell, CellResult } from "../protocol/overview.ts";
import type { CellInfo } from "../protocol/task_requests.ts";
import { debounced } from "../state/debounced.ts";
import { Store } from "../state/store.ts";
import type { ServerSocket } from "../transport/server.ts";
import type { LabNotebook } from "./lab_notebook.ts";
import { savedSummary } from "./saved_summary.ts";
import type { TaskView } from "./task_view.ts";

const LOOK_DELAY_MS = 200;

export class NotebookAnswers {
  readonly notebook: LabNotebook;
  /** The cells that are answers. */
  readonly cells = new Store<AnswerCell[]>([]);
  /** Results of them that came while the notebook was closed. */
  readonly lacking = new Store<CellResult[]>([]);
  /** The views of their tasks, as far as they are open. */
  readonly views = new Store<ReadonlyMap<string, TaskView>>(new Map());
  /** Whether some of all answers have not been sent yet. */
  readonly submitting = new Store(false);
  readonly #socket: ServerSocket;
  readonly #open: (task: string, signal: AbortSignal) => Promise<TaskView>;
  readonly #opening = new Map<string, AbortController>();
  readonly #opened = new Map<string, Promise<void>>();
  #looked = "";
  #looking: Promise<void> = Promise.resolve();
  #asked = 0;

  constructor(
    notebook: LabNotebook,
    socket: ServerSocket,
    open: (task: string, notebook: LabNotebook, signal: AbortSignal) => Promise<TaskView>,
  ) {
    const ended = new AbortController();
    this.notebook = notebook;
    const { panel } = notebook;
    this.#socket = socket;
    this.#open = (task, signal) => open(task, this.notebook, signal);
    panel.disposed.connect(() => {
      ended.abort();
      for (const opening of this.#opening.values()) opening.abort();
    });
    this.notebook.onChange(() => this.look(), ended.signal);
    // Another course may have the tasks that the cells name.
    let known = "";
    const followOverview = () => {
      const courses =
        socket.overview
          .get()
          ?.courses.map(({ id }) => id)
          .join(" ") ?? "";
      if (courses !== known) this.lookAgain();
      known = courses;
    };
    ended.signal.addEventListener("abort", socket.overview.subscribe(followOverview));
    ended.signal.addEventListener("abort", socket.state.subscribe(this.lookAgain));
    void panel.context.ready.then(() => this.look());
  }

  /** Look soon which cells are answers; the server is asked only if that may have changed. */
  readonly look = debounced(LOOK_DELAY_MS, () => this.#look());

  /** The same, also where no cell has changed: the courses or the results have. */
  readonly lookAgain = () => {
    this.#looked = "";
    this.look();
  };

  /** The view of a cell's task, and the problem that the cell answers. */
  find(cellId: string): { view: TaskView; problemId: string } | null {
    const cell = this.cells.get().find(({ cell_id }) => cell_id === cellId);
    const view = cell && this.views.get().get(cell.task);
    return cell && view ? { view, problemId: cell.problem_id } : null;
  }

  /** The views of the tasks, from the top of the notebook to its bottom. */
  inOrder(): TaskView[] {
    const places = new Map(this.notebook.cells().map(({ id }, place) => [id, place]));
    const place = ({ cell_id }: AnswerCell) => places.get(cell_id) ?? places.size;
    const cells = [...this.cells.get()].sort((one, other) => place(one) - place(other));
    return [...new Set(cells.map(({ task }) => task))].flatMap(
      (task) => this.views.get().get(task) ?? [],
    );
  }

  /** The same, once it is known what the notebook answers, and the views are open. */
  async opened(): Promise<TaskView[]> {
    await this.#look();
    await Promise.all(this.#opened.values());
    return this.inOrder();
  }

  /** Submit the answers to all tasks, in the order of the notebook. */
  async submitAll(): Promise<void> {
    this.submitting.set(true);
    try {
      for (const { controller } of await this.opened()) await controller.submit();
    } finally {
      this.submitting.set(false);
    }
  }

  async #look(): Promise<void> {
    const { panel } = this.notebook;
    if (panel.isDisposed || this.#socket.state.get() !== "open") return;
    const cells = this.notebook.cells().map(whatMatters);
    const key = JSON.stringify(cells);
    if (key !== this.#looked) {
      this.#looked = key;
      this.#looking = this.#read(cells);
    }
    let awaited: Promise<void>;
    do {
      awaited = this.#looking;
      await awaited;
    } while (awaited !== this.#looking); // it was asked again meanwhile
  }

  async #read(cells: CellInfo[]): Promise<void> {
    const number = ++this.#asked;
    const { panel } = this.notebook;
    const notebook = panel.context.localPath;
    const known = panel.content.widgets.flatMap(
      ({ model }) => savedSummary(model)?.submission ?? [],
    );
    try {
      const { answers, results } = await this.#socket.ask("answerCells", {
        cells,
        notebook,
        known,
      });
      // It was asked again meanwhile, or nobody would close the views that were opened now.
      if (number !== this.#asked || panel.isDisposed) return;
      this.cells.set(answers);
      this.lacking.set(results);
      this.#openViews(new Set(answers.map(({ task }) => task)));
    } catch (error) {
      if (number === this.#asked) this.#looked = "";
      console.warn("[inginious] which cells are answers:", error);
    }
  }

  #openViews(tasks: ReadonlySet<string>): void {
    for (const [task, opening] of this.#opening) {
      if (tasks.has(task)) continue;
      opening.abort();
      this.#opening.delete(task);
      this.#opened.delete(task);
      const views = new Map(this.views.get());
      views.delete(task);
      this.views.set(views);
    }
    for (const task of tasks) {
      if (this.#opening.has(task)) continue;
      const opening = new AbortController();
      this.#opening.set(task, opening);
      const ended = new Promise<void>((resolve) =>
        opening.signal.addEventListener("abort", () => resolve(), { once: true }),
      );
      const opened = this.#open(task, opening.signal).then(
        (view) => void this.views.set(new Map(this.views.get()).set(task, view)),
        (error) => {
          if (this.#opening.get(task) === opening) this.#opening.delete(task);
          console.warn(`[inginious] ${task}:`, error);
        },
      );
      this.#opened.set(task, Promise.race([opened, ended]));
    }
  }
}

/** What of a cell can say what it answers: its tags, and its text only where it has a command. */
function whatMatters(cell: CellInfo): CellInfo {
  const source = cell.source.includes("%inginious") ? cell.source : "";
  return { ...cell, source, execution_count: null };
}
