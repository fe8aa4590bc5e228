// Several tasks stand in one page: a button says to a screen reader, too, which of them it is about.
import type { Language } from "../i18n/index.ts";

/** What a button says, and what it is about: "Submit: Rabbits". */
export function named(label: string, about: string | undefined, { t, say }: Language): string {
  return about ? say(t.colon, { name: label, value: about }) : label;
}
