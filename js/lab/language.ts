// The words of JupyterLab's own interface, and those of the widget where they name a kernel.
import { lab as en } from "../../inginious_nb/i18n/words.json";
import { type Language, language } from "../i18n/index.ts";

type LabWords = typeof en;

export interface LabLanguage extends Language {
  readonly lab: LabWords;
}

/** A language, whose words are loaded if need be. */
export async function loadLanguage(code: string): Promise<LabLanguage> {
  const lab: LabWords =
    code === "fr" ? (await import(/* webpackChunkName: "fr" */ "./french.ts")).lab : en;
  const spoken = language(code);
  const { disconnected, reconnect, embedded, gone } = lab;
  const t = {
    ...spoken.t,
    disconnected,
    reconnect,
    serviceKind: { ...spoken.t.serviceKind, embedded },
    failures: { ...spoken.t.failures, gone, closed: gone },
  };
  return { ...spoken, t, lab };
}
