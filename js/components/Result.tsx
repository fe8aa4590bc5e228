// What is behind the line of a result: what failed first, then the feedback; what passed is folded.
// Only what exists is shown, and only `success` is ever green.

import { ownValue } from "../own_value.ts";
import type { ProblemInfo, ResultInfo } from "../protocol/task.ts";
import { useLanguage } from "./context.ts";
import { Extras } from "./Extras.tsx";
import { Feedback } from "./Feedback.tsx";
import { ProblemFeedback } from "./ProblemFeedback.tsx";
import { resultClass } from "./result_class.ts";
import { FailedTests, PassedTests } from "./Tests.tsx";

interface Props {
  result: ResultInfo;
  /** Problems whose feedback is shown here, where their statements are not. */
  problems?: ProblemInfo[];
}

export function Result({ result, problems = [] }: Props) {
  const { t, say, dateTime } = useLanguage();
  const help = ownValue(t.resultHelp, result.code);
  return (
    <div class={`inginious-result ${resultClass(result.code)}`}>
      <p class="inginious-muted">
        {[
          say(t.submissionNumber, { n: result.number }),
          ...(result.at === null ? [] : [dateTime(result.at)]),
        ].join(" · ")}
      </p>
      {help && <p class="inginious-help">{help}</p>}
      <FailedTests result={result} />
      <Feedback feedback={result.feedback} submission={result.submission} what="feedback" />
      {problems.map(({ id, name }) => (
        <ProblemFeedback key={id} problemId={id} name={name || id} result={result} />
      ))}
      <PassedTests result={result} />
      <Extras result={result} />
    </div>
  );
}
