// What a result says about one problem, if it says anything.

import { ownValue } from "../own_value.ts";
import type { ResultInfo } from "../protocol/task.ts";
import { useApp } from "./context.ts";
import { Feedback } from "./Feedback.tsx";
import { Icon } from "./icons.tsx";
import { resultClass } from "./result_class.ts";

interface Props {
  problemId: string;
  /** The problem's, where its feedback stands apart from it. */
  name?: string;
  result: ResultInfo | null;
}

export function ProblemFeedback({ problemId, name = "", result }: Props) {
  const { language } = useApp();
  const said = result && ownValue(result.problems, problemId);
  if (!said) return null;
  return (
    <div class={`inginious-problem-feedback ${resultClass(said.code)}`}>
      {name && <h4>{name} </h4>}
      <span class="inginious-word">
        <Icon name={said.code} />
        {ownValue(language.t.results, said.code) ?? said.code}
      </span>
      <Feedback
        feedback={said.feedback}
        submission={result.submission}
        what={`problem:${problemId}`}
      />
    </div>
  );
}
