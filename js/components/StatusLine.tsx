// The one line that moves through sent, queued, running and done, each with its time. It keeps its
// height while it moves, so that nothing below it jumps.
import { useEffect, useState } from "preact/hooks";
import type { Language } from "../i18n/index.ts";
import { ownValue } from "../own_value.ts";
import type { Phase, SubmissionInfo } from "../protocol.ts";
import { roundedUp } from "../state/announcers.ts";
import type { KernelClock } from "../state/clock.ts";
import { useAnnouncer } from "./announcer.ts";
import { useApp } from "./context.ts";

const STEPS = ["sent", "queued", "running", "done"] as const satisfies readonly Phase[];
const ORDER: readonly Phase[] = ["reading", "saved", ...STEPS];
const TICK_MS = 200;

export function StatusLine() {
  const { synced, local, controller, language } = useApp();
  const { submission } = synced;
  if (!submission || submission.phase === "refused") return null;
  const { t } = language;
  return (
    <div class="inginious-status">
      <ol
        class="inginious-steps"
        aria-label={language.say(t.submissionNumber, { n: submission.number })}
      >
        {STEPS.map((step) => (
          <Step
            key={step}
            step={step}
            submission={submission}
            language={language}
            clock={controller.clock}
            frozen={local.disconnected}
          />
        ))}
      </ol>
    </div>
  );
}

interface StepProps {
  step: (typeof STEPS)[number];
  submission: SubmissionInfo;
  language: Language;
  clock: KernelClock;
  /** Whether the kernel that counted is gone. */
  frozen: boolean;
}

function Step({ step, submission, language, clock, frozen }: StepProps) {
  const { phase, times, at_most_before: before } = submission;
  const current = phase === step;
  const at = times[step];
  // A step that was never seen, such as a queue that was empty, is passed without a time; but what
  // ended without having been started, since it was stopped while it waited, never ran.
  const neverRan = step === "running" && phase === "done" && at === undefined;
  const passed = !neverRan && (ORDER.indexOf(phase) > ORDER.indexOf(step) || phase === "done");
  const state = current && step !== "done" ? "current" : passed ? "passed" : "ahead";
  let detail = at === undefined ? "" : language.time(at);
  if (current && step === "queued" && before !== null)
    detail = language.say(language.t.atMostBefore, { n: before });
  return (
    <li
      class={`inginious-step inginious-step-${state}`}
      aria-current={current ? "step" : undefined}
    >
      <span class="inginious-step-name">{language.t.phases[step]}</span>
      <span class="inginious-step-detail">
        {current && step === "running" && at !== undefined ? (
          <Elapsed
            since={at}
            limit={submission.limit_s}
            clock={clock}
            frozen={frozen}
            language={language}
          />
        ) : (
          detail || "\u00a0"
        )}
      </span>
    </li>
  );
}

interface ElapsedProps {
  since: number;
  limit: number | null;
  clock: KernelClock;
  frozen: boolean;
  language: Language;
}

function Elapsed({ since, limit, clock, frozen, language }: ElapsedProps) {
  const [elapsed, setElapsed] = useState(clock.since(since));
  useEffect(() => {
    if (frozen) return undefined;
    const timer = setInterval(() => setElapsed(clock.since(since)), TICK_MS);
    return () => clearInterval(timer);
  }, [since, clock, frozen]);
  const time = language.duration(elapsed);
  return (
    <>
      {limit === null
        ? time
        : language.say(language.t.elapsedOf, { time, limit: language.duration(Math.round(limit)) })}
    </>
  );
}

/**
 * What a screen reader says: phases, the place in the queue now and then, and the result, never the
 * ticks. Of all views that follow a submission, one says it.
 */
export function Announcer() {
  const { synced, language } = useApp();
  const { submission, result } = synced;
  const speaks = useAnnouncer(`submission ${submission?.id}`);
  const { t, grade } = language;
  let text = "";
  if (submission && submission.phase !== "refused") {
    text = t.phases[submission.phase];
    if (submission.phase === "queued" && submission.at_most_before !== null) {
      const place = language.say(t.atMostBefore, { n: roundedUp(submission.at_most_before) });
      text = language.say(t.colon, { name: text, value: place });
    }
    if (submission.phase === "done" && result?.submission === submission.id) {
      const value = `${ownValue(t.results, result.code) ?? result.code}, ${grade(result.grade)}`;
      text = language.say(t.colon, { name: text, value });
    }
  }
  return (
    <p class="inginious-announcer" role="status" aria-live="polite">
      {speaks && text}
    </p>
  );
}
