import { expect, test } from "vitest";
import "../i18n/french.ts";
import { duration, language } from "../i18n/index.ts";
import { choiceText } from "../state/choices.ts";
import { diffLines } from "../state/diff.ts";
import { problem } from "./fakes.ts";

test("the queue is told honestly, in both languages", () => {
  const [en, fr] = [language("en"), language("fr")];
  expect(en.say(en.t.atMostBefore, { n: 0 })).toBe("next in line");
  expect(en.say(en.t.atMostBefore, { n: 3 })).toBe("at most 3 before you");
  expect(fr.say(fr.t.atMostBefore, { n: 3 })).toBe("au plus 3 avant vous");
});

test("each language counts in its own way", () => {
  const counted = (code: string, n: number) => {
    const { t, say } = language(code);
    return say(t.attempts, { n });
  };
  expect([0, 1, 2].map((n) => counted("en", n))).toEqual(["0 attempts", "1 attempt", "2 attempts"]);
  expect([0, 1, 2].map((n) => counted("fr", n))).toEqual([
    "0 tentative",
    "1 tentative",
    "2 tentatives",
  ]);
});

test("durations are short", () => {
  expect([0, 4.24, 42.9, 65, 120, 3723].map(duration)).toEqual([
    "0 s",
    "4.2 s",
    "42 s",
    "1:05 min",
    "2 min",
    "1:02:03 h",
  ]);
});

test("grades, sizes and durations are written as the language does", () => {
  expect(language("en").duration(4.24)).toBe("4.2 s");
  expect(language("fr").duration(4.24)).toBe("4,2 s");
  expect(language("en").grade(87.5)).toBe("87.5 %");
  expect(language("fr").grade(87.5)).toBe("87,5\u00a0%");
  expect(language("en").size(1_234_567)).toBe("1.2 MB");
  expect(language("fr").size(1_234_567)).toBe("1,2\u00a0Mo");
  expect(language("xx").t).toBe(language("en").t);
});

test("a diff shows what was then and what is now", () => {
  const lines = diffLines("a\nb\nc", "a\nB\nc\nd");
  const side = (other: string) =>
    lines
      .filter(({ kind }) => kind !== other)
      .map(({ text }) => text)
      .join("\n");
  expect(side("added")).toBe("a\nb\nc");
  expect(side("removed")).toBe("a\nB\nc\nd");
  expect(lines.filter(({ kind }) => kind === "same").map(({ text }) => text)).toEqual(["a", "c"]);
});

test("choices of several lines are named by their number", () => {
  const choices = [
    { index: "0", text: "one\ntwo", html: "" },
    { index: "1", text: "three", html: "" },
  ];
  expect(choiceText(problem({ choices }), "1")).toBe("three");
  expect(choiceText(problem({ choices, multiple: true }), ["0", "1"])).toBe("0\n- three");
});
