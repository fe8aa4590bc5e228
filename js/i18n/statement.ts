// The words of a statement, its controls and its history, which the plugins load with it.
import { statement as en } from "./statement.en.json";
import { statement as fr } from "./statement.fr.json";
import { wordsOf } from "./words_of.ts";

export function statementWords(code: string): typeof en {
  return wordsOf({ en, fr }, code);
}
