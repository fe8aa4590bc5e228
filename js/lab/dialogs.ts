// The questions to a person before something is done; a chunk of its own.
import type { JupyterFrontEnd } from "@jupyterlab/application";
import { Dialog, InputDialog, showDialog } from "@jupyterlab/apputils";
import { Widget } from "@lumino/widgets";
import { submitAll as en } from "../i18n/guidance.en.json";
import { submitAll as fr } from "../i18n/guidance.fr.json";
import { wordsOf } from "../i18n/words_of.ts";
import type { Host } from "./follow_notebook.ts";
import type { NotebookAnswers } from "./notebook_answers.ts";
import type { TaskView } from "./task_view.ts";
import { NOTIFICATION_MS, notify } from "./telling.ts";
import type { IInginious } from "./tokens.ts";

/** Submit every task that a notebook answers, once that is what the person means. */
export async function submitAll(
  inginious: IInginious,
  answers: NotebookAnswers,
  goTo: Host["goTo"],
): Promise<void> {
  const views = answers.inOrder();
  if (!(await isMeant(inginious, views))) return;
  await answers.submitAll();
  if (answers.notebook.panel.isDisposed) return; // it was closed meanwhile
  const refused = views.filter(({ controller }) => controller.local.get().notice !== null);
  tellRefused(inginious, answers, goTo, refused);
}

/** What is missing stands beneath the cells; where none of them is in sight, say so. */
function tellRefused(
  { language }: IInginious,
  answers: NotebookAnswers,
  goTo: Host["goTo"],
  refused: TaskView[],
) {
  const tasks = refused.map(({ controller }) => controller.synced.get().task?.ref);
  const cells = answers.cells.get().filter(({ task }) => tasks.includes(task));
  const [first] = cells;
  if (!first || cells.some(({ cell_id }) => answers.notebook.isInSight(cell_id))) return;
  const words = wordsOf<typeof en>({ en, fr }, language.code);
  const callback = () => goTo(answers.notebook.path, first.cell_id);
  notify(language.say(words.refused, { n: refused.length }), "warning", language, {
    autoClose: NOTIFICATION_MS,
    actions: [{ label: language.lab.goToCell, callback }],
  });
}

/** Whether every task is to be submitted: asked as the settings say. */
async function isMeant({ socket, settings, language }: IInginious, views: TaskView[]) {
  const { confirmSubmitAll } = settings.get();
  const rows = socket.tasks;
  const tasks = views.flatMap(({ controller }) => controller.synced.get().task ?? []);
  const asked = tasks.map(({ ref, name }) => {
    const limit = rows.find((row) => row.ref === ref)?.limit;
    return { name, limit };
  });
  const isLimited = asked.some(({ limit }) => limit);
  if (confirmSubmitAll === "never" || (confirmSubmitAll === "limited" && !isLimited)) return true;
  const { lab, say, t } = language;
  const lines = asked.map(({ name, limit }) =>
    limit ? say(t.colon, { name, value: limit }) : name,
  );
  const body = new Widget({ node: document.createElement("ul") });
  body.addClass("inginious-asked");
  body.node.append(...lines.map(item));
  const { button } = await showDialog({
    title: say(lab.submitAllAsk, { n: lines.length }),
    body,
    buttons: [Dialog.cancelButton({ label: t.cancel }), Dialog.okButton({ label: lab.submitAll })],
  });
  return button.accept;
}

function item(text: string): HTMLElement {
  return Object.assign(document.createElement("li"), { textContent: text });
}

/** The task that the person chooses, empty for none. */
export async function chooseTask({ socket, language }: IInginious): Promise<string> {
  const { lab, t } = language;
  const rows = socket.tasks;
  const items = rows.map(({ ref, name }) => `${name} (${ref})`);
  const { value } = await InputDialog.getItem({
    title: lab.chooseTask,
    items,
    cancelLabel: t.cancel,
  });
  return rows[items.indexOf(value ?? "")]?.ref ?? "";
}

/** The problem that the person chooses; those of tasks that are open come first. */
export async function chooseProblem(
  { socket, language }: IInginious,
  shell: JupyterFrontEnd.IShell,
): Promise<{ ref: string; problemId: string } | undefined> {
  const openFirst = socket.tasks.toSorted(
    (one, other) => Number(other.accessible) - Number(one.accessible),
  );
  const problems = openFirst.flatMap((task) =>
    task.problems.map(({ id, name }) => ({
      ref: task.ref,
      problemId: id,
      label: language.say(language.t.colon, { name: task.name, value: name }),
    })),
  );
  const likely = taskInSight(shell);
  const { value } = await InputDialog.getItem({
    title: language.lab.useAs,
    cancelLabel: language.t.cancel,
    items: problems.map(({ label }) => label),
    current: Math.max(
      0,
      problems.findIndex(({ ref }) => ref === likely),
    ),
  });
  return problems.find(({ label }) => label === value);
}

/** The task whose statement is beside the notebook, empty if none is. */
function taskInSight(shell: JupyterFrontEnd.IShell): string {
  for (const area of ["main", "right"]) {
    for (const widget of shell.widgets(area)) {
      const statement = widget.isVisible && widget.node.querySelector<HTMLElement>("[data-task]");
      if (statement) return statement.dataset.task ?? "";
    }
  }
  return "";
}
