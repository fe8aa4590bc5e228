// What stands beneath a submit command: one line, its details on demand. The statement is not
// repeated; what could not be sent can be answered here.
import { Announcer } from "./Announcer.tsx";
import { useApp } from "./context.ts";
import { Disconnected, Notices } from "./Notices.tsx";
import { ResultSection } from "./ResultSection.tsx";
import { Shell } from "./Shell.tsx";
import { SignedOut } from "./SignedOut.tsx";
import { Student } from "./SubmitAs.tsx";
import { StopButton, SubmitInLine } from "./SubmitBar.tsx";
import { More } from "./TaskPanel.tsx";
import { Unanswered } from "./Unanswered.tsx";

export function CommandPanel() {
  const { synced, language } = useApp();
  const { task, submission } = synced;
  if (!task) return null;
  const buttons = (
    <>
      <Student />
      <StopButton />
      <SubmitInLine quiet={submission?.phase !== "refused"} />
    </>
  );
  return (
    <section
      class="inginious inginious-slim"
      aria-label={task.name}
      lang={language.code}
      data-submits={task.ref}
    >
      <Disconnected />
      <ResultSection problems={task.problems} buttons={buttons}>
        <More />
      </ResultSection>
      <SignedOut />
      <Notices />
      {submission?.phase === "refused" && <Unanswered problems={task.problems} />}
      <Announcer />
      <Shell />
    </section>
  );
}
