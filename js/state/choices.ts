// Choices as a cell says them, which choice.py reads back: by their texts, one a line.
import type { ProblemInfo } from "../protocol/task.ts";

export function choiceText(problem: ProblemInfo, chosen: string | string[]): string {
  return [chosen]
    .flat()
    .map((index) => {
      const text = problem.choices.find((choice) => choice.index === index)?.text.trim() ?? "";
      // A text of several lines could not be told from several choices; its number can.
      if (!text || text.includes("\n")) return index;
      return problem.multiple ? `- ${text}` : text;
    })
    .join("\n");
}
