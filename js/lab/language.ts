// The words of JupyterLab's own interface, and those of the widget where they name a kernel.
import { lab as en } from "../../inginious_nb/i18n/words.json";
import { lab as fr } from "../i18n/fr.json";
import { type Language, language } from "../i18n/index.ts";
import { ownValue } from "../own_value.ts";

type LabWords = typeof en;

export interface LabLanguage extends Language {
  readonly lab: LabWords;
}

const CATALOGUES: Record<string, LabWords> = { en, fr };

export function labLanguage(code: string): LabLanguage {
  const spoken = language(code);
  const lab = ownValue(CATALOGUES, spoken.code) ?? en;
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
