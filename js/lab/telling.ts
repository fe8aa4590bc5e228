// How the plugins tell what has no place of its own on the screen.
import { Dialog, Notification, showDialog, showErrorMessage } from "@jupyterlab/apputils";
import type { LabLanguage } from "./language.ts";

/** JupyterLab cuts what is longer in a notification. */
const MAX_NOTIFICATION_CHARS = 140;
/** How long a notification stays that has something to press. */
export const NOTIFICATION_MS = 10_000;

/** Tell what nobody asked for; what would be cut can be read whole. Returns the notification's id. */
export function notify(
  text: string,
  type: Notification.TypeOptions,
  { lab, t }: LabLanguage,
  { actions = [], ...options }: Notification.IOptions<never> = {},
): string {
  const body = { body: text, buttons: [Dialog.okButton({ label: t.closeAttempt })] };
  const readAll = { label: lab.readAll, callback: () => void showDialog(body) };
  const isLong = text.length > MAX_NOTIFICATION_CHARS;
  return Notification.emit(text, type, {
    ...options,
    actions: isLong ? [...actions, readAll] : actions,
  });
}

/** Why something failed, in words. */
export function reasonOf(error: unknown, { lab }: LabLanguage): string {
  const text = error instanceof Error ? error.message : String(error);
  return text === "gone" ? lab.gone : text;
}

/** Tell whoever asked for something why it was not done. */
export async function showRefusal(
  title: string,
  error: unknown,
  language: LabLanguage,
): Promise<void> {
  const close = Dialog.okButton({ label: language.t.closeAttempt });
  await showErrorMessage(title, reasonOf(error, language), [close]);
}

/** What the server answered, or null after its refusal was told. */
export async function answered<T>(
  title: string,
  answer: Promise<T>,
  language: LabLanguage,
): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    await showRefusal(title, error, language);
    return null;
  }
}
