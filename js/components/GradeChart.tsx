// The grades of the attempts as a small line of bars, oldest first. The list says the same in words.
import type { SubmissionRow } from "../protocol/task.ts";
import { useLanguage } from "./context.ts";
import { resultClass } from "./result_class.ts";
import { useStatementWords } from "./statement_words.ts";

const HEIGHT = 40;
const STEP = 14;
const MOST = 40;

export function GradeChart({ attempts }: { attempts: SubmissionRow[] }) {
  const { say } = useLanguage();
  const words = useStatementWords();
  const graded = attempts
    .filter(({ grade }) => grade !== null)
    .slice(0, MOST)
    .reverse();
  if (graded.length < 2) return null;
  const width = graded.length * STEP;
  return (
    <svg
      class="inginious-chart"
      role="img"
      aria-label={say(words.chart, { n: graded.length })}
      viewBox={`0 0 ${width} ${HEIGHT + 1}`}
      width={width}
      height={HEIGHT + 1}
    >
      <line x1="0" x2={width} y1={HEIGHT + 0.5} y2={HEIGHT + 0.5} />
      {graded.map(({ id, grade, code }, index) => {
        const height = Math.max(2, (Math.min(100, Math.max(0, grade ?? 0)) / 100) * HEIGHT);
        return (
          <rect
            key={id}
            class={resultClass(code ?? "error")}
            x={index * STEP + 2}
            y={HEIGHT - height}
            width={STEP - 4}
            height={height}
            rx="1.5"
          />
        );
      })}
    </svg>
  );
}
