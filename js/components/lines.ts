// The line (`ResultLine`) of a submission that waits, of one that was not sent, and of a result.
// Pure functions, for the widget and for JupyterLab's own views.
import type { Language } from "../i18n/index.ts";
import { ownValue } from "../own_value.ts";
import type {
  ProblemInfo,
  ResultInfo,
  ResultSummary,
  ServiceInfo,
  SubmissionInfo,
  SubmissionRow,
} from "../protocol/task.ts";
import type { Line } from "./ResultLine.tsx";
import { resultClass } from "./result_class.ts";

/** How a result came out: word, grade, "3 of 5", and the first thing that failed. */
export function resultLine(summary: ResultSummary, language: Language): Line {
  const { code, grade, passed, decided, first_failed } = summary;
  const { t, say } = language;
  const facts = [grade === null ? t.noGrade : language.grade(grade)];
  if (decided > 1) facts.push(say(t.passedOf, { n: passed, all: decided }));
  return {
    tone: resultClass(code),
    icon: code,
    word: ownValue(t.results, code) ?? code,
    facts,
    reason: first_failed ? `✗ ${first_failed}` : (ownValue(t.ungraded, code) ?? ""),
  };
}

/** How a result came out for one of several problems. */
export function problemLine(result: ResultInfo, problem: ProblemInfo, language: Language): Line {
  const { t, say } = language;
  const said = ownValue(result.problems, problem.id);
  if (!said) return resultLine(result, language);
  return {
    tone: resultClass(said.code),
    icon: said.code,
    word: ownValue(t.results, said.code) ?? said.code,
    facts:
      result.grade === null
        ? [t.noGrade]
        : [say(t.ofTask, { grade: language.grade(result.grade) })],
    reason: problem.name,
  };
}

/** An answer that was never submitted. */
export function newLine(title: string, { t }: Language): Line {
  return { tone: "", icon: "", word: title, facts: [t.noAttempts], reason: "" };
}

/** How a submission stands that has no result yet; `number` tells it from others that wait too. */
export function waitingLine(
  submission: SubmissionInfo,
  service: ServiceInfo,
  language: Language,
  { number = false } = {},
): Line {
  const { phase, at_most_before: before } = submission;
  const { t, say } = language;
  const facts = number ? [say(t.submissionNumber, { n: submission.number })] : [];
  if (phase === "queued" && before !== null) facts.push(say(t.atMostBefore, { n: before }));
  return {
    tone: "inginious-tone-waiting",
    icon: "timeout",
    word: t.phases[phase],
    facts,
    reason: phase === "reading" ? "" : remark(submission, service, language),
  };
}

/** A submission whose result another kernel waits for. */
export function elsewhereLine({ number }: SubmissionRow, { t, say }: Language): Line {
  return {
    tone: "inginious-tone-waiting",
    icon: "timeout",
    word: t.underWay,
    facts: [say(t.submissionNumber, { n: number })],
    reason: t.inAnotherKernel,
  };
}

/** A submission that was refused before it was sent. */
export function refusedLine(error: string, { t }: Language): Line {
  return {
    tone: "inginious-tone-killed",
    icon: "error",
    word: t.phases.refused,
    facts: [t.noGrade],
    reason: error,
  };
}

/** What is worth a sentence while a submission is under way. */
function remark(submission: SubmissionInfo, service: ServiceInfo, { t, say }: Language): string {
  if (submission.kill_requested) return t.stopped;
  if (service.state === "signed_out") return t.waitsForSignIn;
  if (submission.note) return submission.note;
  if (!["connected", "idle"].includes(service.state) && service.message) return service.message;
  if (submission.sendings > 1) return say(t.sentAgain, { n: submission.sendings });
  return "";
}
