// The problems that kept a submission from being sent, each with the control that answers it: nobody
// needs to know how a cell is tied to a problem.
import { useId } from "preact/hooks";
import { ownValue } from "../own_value.ts";
import type { ProblemInfo } from "../protocol/task.ts";
import { useApp } from "./context.ts";
import { useLook } from "./look.ts";
import { MagicsChoice } from "./MagicsChoice.tsx";
import { AnswerControl } from "./Problem.tsx";

export function Unanswered({ problems }: { problems: ProblemInfo[] }) {
  const { local, synced } = useApp();
  const look = useLook();
  const wanted = problems.filter(({ id, optional }) => {
    const answer = ownValue(local.preview, id);
    const nothing = answer?.kind === "missing" && !optional;
    const faulty = answer?.error != null || answer?.has_magics === true;
    return nothing || faulty || synced.submission?.error_problem === id;
  });
  return (
    <div ref={look}>
      {wanted.map((problem) => (
        <UnansweredProblem key={problem.id} problem={problem} />
      ))}
    </div>
  );
}

function UnansweredProblem({ problem }: { problem: ProblemInfo }) {
  const labelId = useId();
  return (
    <fieldset class="inginious-problem" aria-labelledby={labelId}>
      <h4 id={labelId}>{problem.name || problem.id}</h4>
      <AnswerControl problem={problem} labelId={labelId} />
      <MagicsChoice problemId={problem.id} />
    </fieldset>
  );
}
