// The notebook of a panel of JupyterLab, read through its own model, and what only a panel can do.
import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { Cell } from "@jupyterlab/cells";
import type { NotebookPanel } from "@jupyterlab/notebook";
import { isTagOf, tagReference } from "../notebook/answer_tags.ts";
import type { NotebookContext } from "../notebook/context.ts";
import { Notebook, TAG_PREFIX } from "../notebook/notebook.ts";
import { goToCell } from "../notebook/notebook_view.ts";
import type { ProblemInfo, TaskInfo } from "../protocol/task.ts";

/** Languages of answers that are written in text cells. */
const PROSE = ["text", "plain", "markdown", "rst", "latex"];

type Shell = Pick<JupyterFrontEnd.IShell, "activateById">;

export class LabNotebook extends Notebook {
  readonly panel: NotebookPanel;
  readonly #shell: Shell;

  constructor(panel: NotebookPanel, shell: Shell) {
    super(panel.context as unknown as NotebookContext);
    this.panel = panel;
    this.#shell = shell;
  }

  /** Bring the notebook to the front, go to a cell; whether it is there. */
  override async reveal(cellId: string): Promise<boolean> {
    const { content, id, isDisposed } = this.panel;
    if (isDisposed) return false;
    this.#shell.activateById(id);
    return goToCell(content, cellId, false);
  }

  /** The cells as they are shown; none once the notebook is closed. */
  get #widgets(): readonly Cell[] {
    return this.panel.isDisposed ? [] : this.panel.content.widgets;
  }

  /** Whether any part of a cell can be seen now. */
  isInSight(cellId: string): boolean {
    const cell = this.#widgets.find(({ model }) => model.id === cellId);
    if (!cell?.isAttached || !this.panel.isVisible) return false;
    const { top, bottom } = cell.node.getBoundingClientRect();
    const view = this.panel.content.node.getBoundingClientRect();
    return bottom > view.top && top < view.bottom;
  }

  /** The cell whose output shows what a command of it submitted, null for none. */
  cellThatSubmits(task: string): string | null {
    const shown = `.inginious-live [data-submits="${CSS.escape(task)}"]`;
    const cell = this.#widgets.find(({ node }) => node.querySelector(shown));
    return cell?.model.id ?? null;
  }

  /** Make a cell the answer to a problem, and no other cell. */
  useAsAnswer(cellId: string, task: Pick<TaskInfo, "ref">, problemId: string): void {
    this.tie(tagReference(task, problemId), cellId, (tag) => isTagOf(tag, task, problemId));
  }

  /** Put a cell for an answer below the active one, with the template, and go to it. */
  async insertAnswer(task: TaskInfo, problem: ProblemInfo): Promise<void> {
    const { content, model } = this.panel;
    if (!model) return;
    const index = Math.min(content.activeCellIndex + 1, model.cells.length);
    const isProse = PROSE.includes(problem.language);
    const cell = {
      cell_type: isProse ? "markdown" : "code",
      source: problem.default.trimEnd(),
      metadata: { tags: [TAG_PREFIX + tagReference(task, problem.id)] },
    };
    const { id } = model.sharedModel.insertCell(index, cell as never);
    // The button that was pressed goes, and the focus with it.
    if (await this.reveal(id)) content.mode = "edit";
  }
}
