// What a result says about one problem, if it says anything.
import type { ResultInfo } from "../protocol.ts";
import { useApp } from "./context.ts";
import { Feedback } from "./Feedback.tsx";
import { Icon } from "./icons.tsx";
import { tone } from "./tone.ts";

interface Props {
  problemId: string;
  result: ResultInfo | null;
}

export function ProblemFeedback({ problemId, result }: Props) {
  const { language } = useApp();
  const own = result?.problems[problemId];
  if (!result || !own) return null;
  return (
    <div class={`inginious-problem-feedback ${tone(own.code)}`}>
      <span class="inginious-word">
        <Icon name={own.code} />
        {language.t.results[own.code] ?? own.code}
      </span>
      <Feedback
        feedback={own.feedback}
        submission={result.submission}
        what={`problem:${problemId}`}
      />
    </div>
  );
}
