// Chooses the catalogue and writes times, sizes and grades the way the language does.
import { type Catalogue, en } from "./en.ts";
import { fr } from "./fr.ts";

const CATALOGUES: Record<string, Catalogue> = { en, fr };

/** JupyterLab writes its locale on the document (`fr-FR`, `fr_FR`); elsewhere the browser's. */
export function preferredLanguage(): string {
  const wanted = [document.documentElement.lang, ...(navigator.languages ?? [])];
  for (const tag of wanted) {
    const language = tag.split(/[-_]/)[0]?.toLowerCase() ?? "";
    if (language in CATALOGUES) return language;
  }
  return "en";
}

export interface Language {
  code: string;
  t: Catalogue;
  grade(value: number): string;
  time(seconds: number): string;
  dateTime(seconds: number): string;
  duration(seconds: number): string;
  size(bytes: number): string;
}

export function language(code: string): Language {
  const t = CATALOGUES[code] ?? en;
  // Where several countries write a language differently, as the browser's user is used to.
  const locale = navigator.languages?.find((tag) => tag.split("-")[0] === code) ?? code;
  const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 });
  const time = new Intl.DateTimeFormat(locale, { timeStyle: "medium" });
  const dateTime = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  return {
    code,
    t,
    grade: (value) => `${number.format(value)} %`,
    time: (seconds) => time.format(seconds * 1000),
    dateTime: (seconds) => dateTime.format(seconds * 1000),
    duration,
    size: (bytes) => size(bytes, number),
  };
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

function size(bytes: number, number: Intl.NumberFormat): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${number.format(Math.round(bytes / 100) / 10)} kB`;
  return `${number.format(Math.round(bytes / 100_000) / 10)} MB`;
}

export type { Catalogue };
