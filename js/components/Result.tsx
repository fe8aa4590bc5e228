// The result of a submission: grade, word, feedback, tests, and whatever else came. Only what
// exists is shown, and only `success` is ever green.

import { ownValue } from "../own_value.ts";
import type { ProblemInfo, ResultInfo } from "../protocol.ts";
import { useLanguage } from "./context.ts";
import { Extras } from "./Extras.tsx";
import { Feedback } from "./Feedback.tsx";
import { Icon } from "./icons.tsx";
import { ProblemFeedback } from "./ProblemFeedback.tsx";
import { resultClass } from "./result_class.ts";
import { Tests } from "./Tests.tsx";

interface Props {
  result: ResultInfo;
  /** Whether a newer submission is under way. */
  previous?: boolean;
  /** Problems whose feedback is shown here, where their statements are not. */
  problems?: ProblemInfo[];
}

export function Result({ result, previous = false, problems = [] }: Props) {
  const { t } = useLanguage();
  const help = ownValue(t.resultHelp, result.code);
  return (
    <section class={`inginious-result ${resultClass(result.code)}`} aria-label={t.result}>
      {previous && <p class="inginious-muted inginious-previous">{t.previousResult}</p>}
      <Verdict result={result} />
      {help && <p class="inginious-help">{help}</p>}
      <Feedback feedback={result.feedback} submission={result.submission} what="feedback" />
      {problems
        .filter(({ id }) => ownValue(result.problems, id))
        .map(({ id, name }) => (
          <div key={id}>
            <h4>{name || id}</h4>
            <ProblemFeedback problemId={id} result={result} />
          </div>
        ))}
      <Tests result={result} />
      <Extras result={result} />
    </section>
  );
}

export function Verdict({ result, small = false }: { result: ResultInfo; small?: boolean }) {
  const { t, say, grade, dateTime } = useLanguage();
  const width = Math.min(100, Math.max(0, result.grade));
  return (
    <div
      class={`inginious-verdict ${resultClass(result.code)} ${small ? "inginious-verdict-small" : ""}`}
    >
      <span class="inginious-word">
        <Icon name={result.code} />
        {ownValue(t.results, result.code) ?? result.code}
      </span>
      <span class="inginious-grade">{grade(result.grade)}</span>
      <span class="inginious-bar" aria-hidden="true">
        <span class="inginious-bar-fill" style={{ width: `${width}%` }} />
      </span>
      {!small && (
        <span class="inginious-muted inginious-verdict-note">
          {say(t.submissionNumber, { n: result.number })}
          {result.at !== null && ` · ${dateTime(result.at)}`}
        </span>
      )}
    </div>
  );
}
