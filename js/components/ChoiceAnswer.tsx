// A multiple-choice problem: radio buttons, or check boxes if several may be chosen.
import { useId } from "preact/hooks";
import { ownValue } from "../own_value.ts";
import { CellLink } from "./CellLink.tsx";
import { useApp } from "./context.ts";
import type { AnswerProps } from "./Problem.tsx";
import { SafeHtml } from "./SafeHtml.tsx";
import { useStatementWords } from "./statement_words.ts";

export function ChoiceAnswer({ problem, labelId }: AnswerProps) {
  const { controller, local } = useApp();
  const words = useStatementWords();
  const name = useId();
  const entry = ownValue(local.entries, problem.id);
  const preview = ownValue(local.preview, problem.id);
  const chosen = Array.isArray(entry)
    ? entry
    : typeof entry === "string"
      ? [entry]
      : (preview?.choices ?? []);
  const choose = (index: string, on: boolean) => {
    if (!problem.multiple) controller.enter(problem.id, index);
    else {
      const rest = chosen.filter((other) => other !== index);
      controller.enter(problem.id, on ? [...rest, index].sort() : rest);
    }
  };
  return (
    <div {...(problem.multiple ? {} : { role: "radiogroup", "aria-labelledby": labelId })}>
      <p class="inginious-muted inginious-hint">
        {problem.multiple ? words.chooseSeveral : words.chooseOne}
      </p>
      {problem.choices.map(({ index, html }) => (
        <label key={index} class="inginious-choice">
          <input
            type={problem.multiple ? "checkbox" : "radio"}
            name={name}
            value={index}
            checked={chosen.includes(index)}
            onChange={(event) => choose(index, event.currentTarget.checked)}
          />
          <SafeHtml html={html} />
        </label>
      ))}
      <CellLink problem={problem} />
    </div>
  );
}
