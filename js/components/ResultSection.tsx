// The submission that is under way or the result that came, as one line, and its details on demand.
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { ownValue } from "../own_value.ts";
import type { ProblemInfo, ResultInfo, SubmissionInfo } from "../protocol/task.ts";
import { isActive } from "../state/controller.ts";
import { useApp } from "./context.ts";
import { Elapsed } from "./Elapsed.tsx";
import {
  elsewhereLine,
  newLine,
  problemLine,
  refusedLine,
  resultLine,
  waitingLine,
} from "./lines.ts";
import { named } from "./named.ts";
import { Result } from "./Result.tsx";
import { type Line, ResultLine } from "./ResultLine.tsx";

interface Props {
  /** Whether the details are open before anybody has opened or closed them. */
  openAtFirst?: boolean;
  /** The only problem whose line and feedback are shown, beneath the cell that answers it. */
  problem?: ProblemInfo;
  /** Problems whose feedback is shown here, where their statements are not. */
  problems?: ProblemInfo[];
  /** Buttons of the line. */
  buttons?: ComponentChildren;
  /** What else belongs to the details. */
  children?: ComponentChildren;
}

export function ResultSection(props: Props) {
  const { openAtFirst = false, problem, buttons, children } = props;
  const { controller, synced, local, language, cellWithDetails } = useApp();
  const id = useId();
  const { submission, result } = synced;
  const line = useLine(problem);
  if (!line) return null;
  const key = problem?.id ?? "";
  const about = problem?.name || key || synced.task?.name || "";
  const taskName = synced.task?.name ?? "";
  const place = problem ? named(taskName, about, language) : taskName; // one of many in the page
  const elsewhere = result && cellWithDetails?.();
  const open = !elsewhere && (ownValue(local.details, key) ?? openAtFirst);
  const hasDetails = isActive(submission) || result !== null || children !== undefined;
  const since = submission?.phase === "running" ? submission.times.running : undefined;
  const toggle = () => controller.local.update({ details: { ...local.details, [key]: !open } });
  return (
    <section class="inginious-outline" aria-label={named(language.t.result, place, language)}>
      <ResultLine
        line={line}
        language={language}
        extra={since !== undefined && <Running since={since} />}
        details={hasDetails && !elsewhere ? { about, id, open, toggle } : null}
      >
        {buttons}
        {elsewhere && (
          <button
            type="button"
            class="inginious-link"
            aria-label={named(language.t.detailsInOutput, about, language)}
            onClick={(event) => void controller.notebook?.reveal(elsewhere, event.currentTarget)}
          >
            {language.t.detailsInOutput}
          </button>
        )}
      </ResultLine>
      {hasDetails && open && (
        <div id={id} class="inginious-card">
          <Card {...props} />
        </div>
      )}
    </section>
  );
}

function Card({ problem, problems = [], children }: Props) {
  const { synced } = useApp();
  const { submission, result } = synced;
  const waits = isActive(submission);
  return (
    <>
      {waits && <Steps submission={submission} />}
      {result && (waits || submission?.phase === "refused") && <Previous result={result} />}
      {result && <Result result={result} problems={problem ? [problem] : problems} />}
      {children}
    </>
  );
}

/** The line of what is newest: the submission under way, why it was refused, or the result. */
function useLine(problem: ProblemInfo | undefined): Line | null {
  const { synced, language } = useApp();
  const { task, submission, result, service, history } = synced;
  if (isActive(submission)) {
    const waiting = history.filter(({ code }) => code === null);
    return waitingLine(submission, service, language, { number: waiting.length > 1 });
  }
  const newest = history[0];
  if (synced.role !== "submission" && newest?.under_way_elsewhere)
    return elsewhereLine(newest, language);
  if (submission?.phase === "refused") return refusedLine("", language); // the notice says why
  if (!result) return problem ? newLine(problem.name || problem.id, language) : null;
  const isOneOfSeveral = problem && task && task.problems.length > 1;
  return isOneOfSeveral ? problemLine(result, problem, language) : resultLine(result, language);
}

function Running({ since }: { since: number }) {
  const { controller, synced, local, language } = useApp();
  return (
    <Elapsed
      since={since}
      limit={synced.submission?.limit_s ?? null}
      clock={controller.clock}
      frozen={local.disconnected}
      language={language}
    />
  );
}

/** When a submission under way was sent, queued and started. */
function Steps({ submission }: { submission: SubmissionInfo }) {
  const { language } = useApp();
  const { t, say, time } = language;
  const seen = (["sent", "queued", "running"] as const).flatMap((step) => {
    const at = submission.times[step];
    return at === undefined ? [] : [say(t.stepAt, { step: t.phases[step], when: time(at) })];
  });
  if (!seen.length) return null;
  return <p class="inginious-muted">{seen.join(" · ")}</p>;
}

function Previous({ result }: { result: ResultInfo }) {
  const { language } = useApp();
  return (
    <>
      <p class="inginious-muted inginious-previous">{language.t.previousResult}</p>
      <ResultLine line={resultLine(result, language)} language={language} details={null} />
    </>
  );
}
