// The result of a submission: grade, word, feedback, tests, and whatever else came. Only what
// exists is shown, and only `success` is ever green.
import type { ResultInfo } from "../protocol.ts";
import { useLanguage } from "./context.ts";
import { Extras } from "./Extras.tsx";
import { Feedback } from "./Feedback.tsx";
import { Icon } from "./icons.tsx";
import { Tests } from "./Tests.tsx";

const KNOWN = ["success", "failed", "killed", "crash", "overflow", "timeout", "error"];

/** The class that gives a result its colour; codes of a grader's own look like an error. */
export function tone(code: string): string {
  return `inginious-tone-${KNOWN.includes(code) ? code : "error"}`;
}

interface Props {
  result: ResultInfo;
  /** Whether a newer submission is under way. */
  previous?: boolean;
}

export function Result({ result, previous = false }: Props) {
  const { t } = useLanguage();
  const help = t.resultHelp[result.code];
  return (
    <section class={`inginious-result ${tone(result.code)}`} aria-label={t.result}>
      {previous && <p class="inginious-muted inginious-previous">{t.previousResult}</p>}
      <Verdict result={result} />
      {help && <p class="inginious-help">{help}</p>}
      <Feedback feedback={result.feedback} submission={result.submission} what="feedback" />
      <Tests tests={result.tests} />
      <Extras result={result} />
    </section>
  );
}

export function Verdict({ result, small = false }: { result: ResultInfo; small?: boolean }) {
  const { t, grade, dateTime } = useLanguage();
  const width = Math.min(100, Math.max(0, result.grade));
  return (
    <div class={`inginious-verdict ${tone(result.code)} ${small ? "inginious-verdict-small" : ""}`}>
      <span class="inginious-word">
        <Icon name={KNOWN.includes(result.code) ? result.code : "error"} />
        {t.results[result.code] ?? result.code}
      </span>
      <span class="inginious-grade">{grade(result.grade)}</span>
      <span class="inginious-bar" aria-hidden="true">
        <span class="inginious-bar-fill" style={{ width: `${width}%` }} />
      </span>
      {!small && (
        <span class="inginious-muted inginious-verdict-note">
          {t.submissionNumber(result.number)}
          {result.at !== null && ` · ${dateTime(result.at)}`}
        </span>
      )}
    </div>
  );
}
