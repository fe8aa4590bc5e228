// The dialog that makes a new task. Loaded when it is asked for.
import type { JupyterFrontEnd } from "@jupyterlab/application";
import { Dialog, showDialog } from "@jupyterlab/apputils";
import { PathExt } from "@jupyterlab/coreutils";
import type { Contents } from "@jupyterlab/services";
import { Widget } from "@lumino/widgets";
import { newTask as en } from "../i18n/class.en.json";
import { newTask as fr } from "../i18n/class.fr.json";
import { wordsOf } from "../i18n/words_of.ts";
import type { NewTaskRequest } from "../protocol/overview.ts";
import { pathOnDrive } from "./drive_path.ts";
import { reasonOf } from "./telling.ts";
import type { IInginious } from "./tokens.ts";

/** Ask for a task, make it and open its file. */
export async function makeTask(
  app: JupyterFrontEnd,
  inginious: IInginious,
  here: string,
): Promise<void> {
  const { contents } = app.serviceManager;
  const file = await askTask(inginious, await proposedFolder(contents, here));
  if (file === null) return;
  const path = pathOnDrive(contents, here, file);
  await app.commands.execute("docmanager:open", { path });
}

/** The course that a folder is in, or a new one there. */
async function proposedFolder(contents: Contents.IManager, here: string): Promise<string> {
  const local = contents.localPath(here);
  for (const folder of [here, PathExt.dirname(here)]) {
    const found = await contents.get(folder, { type: "directory" }).catch(() => null);
    const files: Contents.IModel[] = found?.content ?? [];
    if (files.some(({ name }) => name === "course.yaml")) return contents.localPath(folder);
  }
  return PathExt.join(local.startsWith("inginious-demo") ? "" : local, "courses/course1");
}

/** The file of the task that was made, or null if nobody wants one. */
async function askTask({ socket, language }: IInginious, proposed: string): Promise<string | null> {
  const { lab, t } = language;
  const words = wordsOf<typeof en>({ en, fr }, language.code);
  let wanted: NewTaskRequest = { folder: proposed, task: "task1", task_kind: "python" };
  let error = "";
  for (;;) {
    const { value, button } = await showDialog({
      title: lab.newTask,
      body: new NewTaskForm(words, wanted, error),
      buttons: [Dialog.cancelButton({ label: t.cancel }), Dialog.okButton()],
      focusNodeSelector: "input[name=task]",
    });
    if (!button.accept || !value) return null;
    wanted = value;
    try {
      return (await socket.ask("newTask", wanted)).path;
    } catch (failure) {
      error = reasonOf(failure, language);
    }
  }
}

class NewTaskForm extends Widget implements Dialog.IBodyWidget<NewTaskRequest> {
  readonly #folder = document.createElement("input");
  readonly #task = document.createElement("input");
  readonly #kind = document.createElement("select");

  constructor(words: typeof en, wanted: NewTaskRequest, error: string) {
    super();
    this.#folder.name = "folder";
    this.#task.name = "task";
    this.#kind.name = "kind";
    this.#folder.value = wanted.folder;
    this.#task.value = wanted.task;
    for (const [kind, text] of Object.entries(words.kinds)) this.#kind.add(new Option(text, kind));
    this.#kind.value = wanted.task_kind;
    if (error) {
      const said = document.createElement("p");
      said.setAttribute("role", "alert");
      said.textContent = error;
      said.style.color = "var(--jp-error-color1)";
      this.node.append(said);
    }
    this.node.append(
      labelled(words.folder, this.#folder),
      labelled(words.id, this.#task),
      labelled(words.kind, this.#kind),
    );
  }

  getValue(): NewTaskRequest {
    return {
      folder: this.#folder.value.trim(),
      task: this.#task.value.trim(),
      task_kind: this.#kind.value,
    };
  }
}

function labelled(text: string, control: HTMLInputElement | HTMLSelectElement): HTMLElement {
  const label = document.createElement("label");
  label.style.cssText = "display: grid; gap: 0.3em; margin-bottom: 0.8em";
  control.classList.add("jp-mod-styled");
  label.append(text, control);
  return label;
}
