// Small catalogues that one part of the page has for itself, in all languages at once.
import { ownValue } from "../own_value.ts";

/** The words of a language; the English ones where it has none. */
export function wordsOf<Words>(
  catalogues: Readonly<Record<string, Words>> & { en: Words },
  code: string,
): Words {
  return ownValue<Words>(catalogues, code) ?? catalogues.en;
}
