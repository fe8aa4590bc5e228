// An answer that is typed in the widget itself: one line, or a small editor that grows.

import { ownValue } from "../own_value.ts";
import { useApp } from "./context.ts";
import type { AnswerProps } from "./Problem.tsx";

const MAX_LINES = 24;

export function TextAnswer({ problem, labelId, lines }: AnswerProps & { lines: number }) {
  const { controller, local } = useApp();
  const entry = ownValue(local.entries, problem.id);
  const preview = ownValue(local.preview, problem.id);
  const inCell = preview?.kind === "cell" ? preview.text : undefined;
  const value = typeof entry === "string" ? entry : (inCell ?? problem.default);
  const common = {
    value,
    spellcheck: false,
    autocomplete: "off" as const,
    autocapitalize: "off" as const,
    "aria-labelledby": labelId,
    onInput: (event: { currentTarget: HTMLInputElement | HTMLTextAreaElement }) =>
      controller.enter(problem.id, event.currentTarget.value),
    // The notebook has shortcuts on single keys.
    onKeyDown: (event: Event) => event.stopPropagation(),
  };
  if (lines === 1) return <input type="text" class="inginious-input" {...common} />;
  const rows = Math.min(MAX_LINES, Math.max(lines, value.split("\n").length));
  return <textarea class="inginious-input inginious-editor" rows={rows} {...common} />;
}
