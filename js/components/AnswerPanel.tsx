// The slim view beneath the cell of `%%inginious answer`: this problem's feedback, nothing more.

import { isActive } from "../state/controller.ts";
import { ChangedMark } from "./CellLink.tsx";
import { useApp } from "./context.ts";
import { Asleep, Notices } from "./Notices.tsx";
import { ProblemFeedback } from "./ProblemFeedback.tsx";
import { Verdict } from "./Result.tsx";
import { Announcer, StatusLine } from "./StatusLine.tsx";
import { SubmitBar } from "./SubmitBar.tsx";

export function AnswerPanel() {
  const { synced } = useApp();
  const { task, problem_id: problemId, result } = synced;
  const problem = task?.problems.find(({ id }) => id === problemId);
  if (!task || !problem) return null;
  return (
    <section
      class="inginious inginious-slim"
      aria-label={`${task.name}: ${problem.name || problem.id}`}
    >
      <div class="inginious-slim-head">
        <span class="inginious-slim-title">
          <strong>{problem.name || problem.id}</strong>
          <span class="inginious-muted">{task.name}</span>
          <ChangedMark problemId={problem.id} />
        </span>
        {result && <Verdict result={result} small />}
      </div>
      <Asleep />
      <SubmitBar small />
      <Notices />
      {isActive(synced.submission) && <StatusLine />}
      <Announcer />
      <ProblemFeedback problemId={problem.id} result={result} />
    </section>
  );
}
