// The words of JupyterLab's own interface, and those of the widget where they name a kernel.
import { lab as en } from "../../inginious_nb/i18n/words.json";
import { type Language, language, preferredLanguage } from "../i18n/index.ts";

type LabWords = typeof en;

export interface LabLanguage extends Language {
  readonly lab: LabWords;
  /** The words of the settings page by the English ones; empty in English. */
  readonly settings: Readonly<Record<string, string>>;
}

/** The language of a locale of JupyterLab, whose words are loaded if need be. */
export async function loadLanguage(locale: string): Promise<LabLanguage> {
  const code = locale === "default" ? preferredLanguage() : (locale.split(/[-_]/)[0] ?? "en");
  const { lab, settings }: Pick<LabLanguage, "lab" | "settings"> =
    code === "fr"
      ? await import(/* webpackChunkName: "fr" */ "./french.ts")
      : { lab: en, settings: {} };
  const spoken = language(code);
  const { disconnected, reconnect, embedded, gone, noNotebook, serverPath: kernelPath } = lab;
  const t = {
    ...spoken.t,
    disconnected,
    reconnect,
    noNotebook,
    kernelPath,
    serviceKind: { ...spoken.t.serviceKind, embedded },
    failures: { ...spoken.t.failures, gone, closed: gone },
  };
  return { ...spoken, t, lab, settings };
}

/** The title of a part of JupyterLab that is ours. */
export function titled(part: string, { t, say }: Language): string {
  return say(t.colon, { name: "INGInious", value: part });
}
