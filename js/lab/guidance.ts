// What is missing before a command can do what it says, and the commands that help. Loaded when
// something is missing.
import type { JupyterFrontEnd } from "@jupyterlab/application";
import { Notification } from "@jupyterlab/apputils";
import { guidance as en } from "../i18n/guidance.en.json";
import { guidance as fr } from "../i18n/guidance.fr.json";
import { wordsOf } from "../i18n/words_of.ts";
import type { LabLanguage } from "./language.ts";
import { NOTIFICATION_MS, notify } from "./telling.ts";
import { Commands } from "./tokens.ts";

type Words = typeof en;
export type Lack = keyof Words;

const HELP: Record<Lack, readonly string[]> = {
  notebook: [Commands.demo],
  cell: [],
  answer: [Commands.useAsAnswer],
  answers: [Commands.useAsAnswer, Commands.openTask],
  course: [Commands.openCourse, Commands.demo],
  underWay: [Commands.showQueue],
};

let last = "";

/** Say what to do first, with a button for it. */
export function guide(
  commands: JupyterFrontEnd["commands"],
  language: LabLanguage,
  lack: Lack,
): void {
  const words = wordsOf<Words>({ en, fr }, language.code);
  const actions = HELP[lack]
    .filter((command) => commands.hasCommand(command)) // its plugin may be disabled
    .map((command) => ({
      label: commands.label(command),
      callback: () => void commands.execute(command),
    }));
  if (last) Notification.dismiss(last); // who tries again reads it once
  last = notify(words[lack], "info", language, { autoClose: NOTIFICATION_MS, actions });
}
