// The slim view beneath the cell of `%%inginious answer`: one line, this problem's feedback on demand.

import { isActive } from "../state/controller.ts";
import { Announcer } from "./Announcer.tsx";
import { ChangedMark } from "./CellLink.tsx";
import { useApp } from "./context.ts";
import { useLook } from "./look.ts";
import { Disconnected, Notices } from "./Notices.tsx";
import { ResultSection } from "./ResultSection.tsx";
import { SignedOut } from "./SignedOut.tsx";
import { Student } from "./SubmitAs.tsx";
import { StopButton, SubmitInLine } from "./SubmitBar.tsx";

export function AnswerPanel() {
  const { synced, language } = useApp();
  const look = useLook();
  const { task, problem_id: problemId, submission } = synced;
  const problem = task?.problems.find(({ id }) => id === problemId);
  if (!task || !problem) return null;
  const title = problem.name || problem.id;
  return (
    <section
      ref={look}
      class="inginious inginious-slim"
      aria-label={language.say(language.t.colon, { name: task.name, value: title })}
      lang={language.code}
    >
      <Disconnected />
      <ResultSection
        problem={problem}
        buttons={
          <>
            <Student />
            <ChangedMark problemId={problem.id} />
            <StopButton />
            <SubmitInLine quiet={synced.history.length > 0} />
          </>
        }
      />
      {isActive(submission) && <SignedOut />}
      <Notices />
      <Announcer />
    </section>
  );
}
