// The slim view beneath the cell of `%%inginious answer`: this problem's feedback, nothing more.

import { isActive } from "../state/controller.ts";
import { ChangedMark } from "./CellLink.tsx";
import { useApp } from "./context.ts";
import { Disconnected, Notices } from "./Notices.tsx";
import { ProblemFeedback } from "./ProblemFeedback.tsx";
import { Verdict } from "./Result.tsx";
import { Announcer, StatusLine } from "./StatusLine.tsx";
import { SubmitBar } from "./SubmitBar.tsx";

export function AnswerPanel() {
  const { synced, language } = useApp();
  const { task, problem_id: problemId, result } = synced;
  const problem = task?.problems.find(({ id }) => id === problemId);
  if (!task || !problem) return null;
  const title = problem.name || problem.id;
  return (
    <section
      class="inginious inginious-slim"
      aria-label={language.say(language.t.colon, { name: task.name, value: title })}
      lang={language.code}
    >
      <div class="inginious-slim-head">
        <span class="inginious-slim-title">
          <strong>{title}</strong>
          <span class="inginious-muted">{task.name}</span>
          <ChangedMark problemId={problem.id} />
        </span>
        {result && <Verdict result={result} small />}
      </div>
      <Disconnected />
      <SubmitBar small />
      <Notices />
      {isActive(synced.submission) && <StatusLine />}
      <Announcer />
      <ProblemFeedback problemId={problem.id} result={result} />
    </section>
  );
}
