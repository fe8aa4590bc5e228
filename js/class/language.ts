// The words of the view of a class, and those of the widget that it shares.
import { classView as en } from "../i18n/class.en.json";
import { classView as fr } from "../i18n/class.fr.json";
import type { Language } from "../i18n/index.ts";
import { wordsOf } from "../i18n/words_of.ts";

type ClassWords = typeof en;

export interface ClassLanguage extends Language {
  readonly c: ClassWords;
}

export function classLanguage(spoken: Language): ClassLanguage {
  return { ...spoken, c: wordsOf<ClassWords>({ en, fr }, spoken.code) };
}
