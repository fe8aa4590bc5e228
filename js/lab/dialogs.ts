// What is asked before something is done with the answers of a notebook; a chunk of its own.
import { Dialog, InputDialog, showDialog } from "@jupyterlab/apputils";
import { Widget } from "@lumino/widgets";
import type { TaskView } from "./task_view.ts";
import type { IInginious } from "./tokens.ts";

/** Whether every task is to be submitted: asked as the settings say. */
export async function isMeant({ socket, settings, language }: IInginious, views: TaskView[]) {
  const { confirmSubmitAll } = settings.get();
  const rows = socket.overview.get()?.courses.flatMap(({ tasks }) => tasks) ?? [];
  const tasks = views.flatMap(({ controller }) => controller.synced.get().task ?? []);
  const asked = tasks.map(({ ref, name }) => {
    const left = rows.find((row) => row.ref === ref)?.attempts_left ?? null;
    return { name, left };
  });
  const isLimited = asked.some(({ left }) => left !== null);
  if (confirmSubmitAll === "never" || (confirmSubmitAll === "limited" && !isLimited)) return true;
  const { lab, say, t } = language;
  const lines = asked.map(({ name, left }) =>
    left === null ? name : say(t.colon, { name, value: say(lab.attemptsLeft, { n: left }) }),
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

export async function chooseProblem({
  socket,
  language,
}: IInginious): Promise<{ ref: string; problemId: string } | undefined> {
  const rows = socket.overview.get()?.courses.flatMap(({ tasks }) => tasks) ?? [];
  const openFirst = rows.toSorted(
    (one, other) => Number(other.accessible) - Number(one.accessible),
  );
  const problems = openFirst.flatMap((task) =>
    task.problems.map(({ id, name }) => ({
      ref: task.ref,
      problemId: id,
      label: language.say(language.t.colon, { name: task.name, value: name }),
    })),
  );
  const { value } = await InputDialog.getItem({
    title: language.lab.useAs,
    cancelLabel: language.t.cancel,
    items: problems.map(({ label }) => label),
  });
  return problems.find(({ label }) => label === value);
}
