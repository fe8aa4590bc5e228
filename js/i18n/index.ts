// Chooses the catalogue and writes sentences, times, sizes and grades the way the language does.
// English is Python's too (words.json); fr.json is made from the gettext catalogue by `make catalogues`.
import { widget as en } from "../../inginious_nb/i18n/words.json";
import { ownValue } from "../own_value.ts";

/** What others name, so that it may be a name that no catalogue has. */
type Named = "results" | "resultHelp" | "ungraded" | "service" | "serviceKind" | "failures";
export type Catalogue = Omit<typeof en, Named> & Record<Named, Record<string, string>>;

/** The forms of a sentence by a count `n`: an exact number, or a category of `Intl.PluralRules`. */
type Forms = { readonly other: string; readonly [form: string]: string };
type Parameters = Readonly<Record<string, string | number>>;

const LANGUAGES = ["en", "fr"];
const CATALOGUES: Record<string, Catalogue> = { en };

/** Take a catalogue, which a front end may load only where it is wanted. */
export function learn(code: string, catalogue: Catalogue): void {
  CATALOGUES[code] = catalogue;
}

/** JupyterLab writes its locale on the document (`fr-FR`, `fr_FR`); elsewhere the browser's. */
export function preferredLanguage(): string {
  const wanted = [document.documentElement.lang, ...(navigator.languages ?? [])];
  for (const tag of wanted) {
    const language = tag.split(/[-_]/)[0]?.toLowerCase() ?? "";
    if (LANGUAGES.includes(language)) return language;
  }
  return "en";
}

export interface Language {
  code: string;
  t: Catalogue;
  /** A sentence of the catalogue with its `{parameters}` filled in. */
  say(sentence: string | Forms, parameters: Parameters): string;
  grade(value: number): string;
  time(seconds: number): string;
  dateTime(seconds: number): string;
  duration(seconds: number): string;
  size(bytes: number): string;
}

export function language(code: string): Language {
  const t = ownValue(CATALOGUES, code) ?? en;
  // Where several countries write a language differently, as the browser's user is used to.
  const locale = navigator.languages?.find((tag) => tag.split("-")[0] === code) ?? code;
  const number = later(() => new Intl.NumberFormat(locale, { maximumFractionDigits: 2 }));
  const time = later(() => new Intl.DateTimeFormat(locale, { timeStyle: "medium" }));
  const dateTime = later(
    () => new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }),
  );
  const plurals = later(() => new Intl.PluralRules(ownValue(CATALOGUES, code) ? code : "en"));
  const say: Language["say"] = (sentence, parameters) =>
    fill(
      typeof sentence === "string" ? sentence : form(sentence, plurals(), parameters),
      parameters,
    );
  return {
    code,
    t,
    say,
    grade: (value) => say(t.percent, { value: number().format(value) }),
    time: (seconds) => time().format(seconds * 1000),
    dateTime: (seconds) => dateTime().format(seconds * 1000),
    duration: (seconds) => duration(seconds).replace(".", number().format(0.5).charAt(1)),
    size: (bytes) => {
      if (bytes < 1000) return say(t.bytes, { value: bytes });
      if (bytes < 1_000_000) {
        return say(t.kilobytes, { value: number().format(Math.round(bytes / 100) / 10) });
      }
      return say(t.megabytes, { value: number().format(Math.round(bytes / 100_000) / 10) });
    },
  };
}

/** What is made when it is first asked for: each of these takes the start of a page milliseconds. */
function later<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

function form(forms: Forms, plurals: Intl.PluralRules, { n }: Parameters): string {
  return forms[String(n)] ?? forms[plurals.select(Number(n))] ?? forms.other;
}

function fill(sentence: string, parameters: Parameters): string {
  return sentence.replace(/\{(\w+)\}/g, (hole, name: string) =>
    String(ownValue(parameters, name) ?? hole),
  );
}

/** `4.2 s`, `2 min`, `1:05 min`, `1:02:03 h`: seconds with tenths while they matter. */
export function duration(seconds: number): string {
  if (seconds < 60)
    return `${seconds < 10 && seconds % 1 ? seconds.toFixed(1) : Math.floor(seconds)} s`;
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  if (seconds < 3600 && seconds % 60 === 0) return `${seconds / 60} min`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}:${two(seconds % 60)} min`;
  return `${Math.floor(seconds / 3600)}:${two((seconds % 3600) / 60)}:${two(seconds % 60)} h`;
}
