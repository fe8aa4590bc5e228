// The whole widget of a task, from its title to where it is graded.
import { useId } from "preact/hooks";
import type { TaskInfo } from "../protocol/task.ts";
import { Announcer } from "./Announcer.tsx";
import { useApp } from "./context.ts";
import { Header } from "./Header.tsx";
import { useLook } from "./look.ts";
import { Disconnected, Notices } from "./Notices.tsx";
import { Preview } from "./Preview.tsx";
import { Problem } from "./Problem.tsx";
import { ResultSection } from "./ResultSection.tsx";
import { SafeHtml } from "./SafeHtml.tsx";
import { Service } from "./Service.tsx";
import { Shell } from "./Shell.tsx";
import { SignedOut } from "./SignedOut.tsx";
import { SubmissionHistory } from "./SubmissionHistory.tsx";
import { SubmitAs } from "./SubmitAs.tsx";
import { SubmitBar } from "./SubmitBar.tsx";

export function TaskPanel() {
  const { synced, language } = useApp();
  const titleId = useId();
  const look = useLook();
  const { task } = synced;
  if (!task) return null;
  return (
    <section ref={look} class="inginious" aria-labelledby={titleId} lang={language.code}>
      <Header task={task} standing={synced.standing} titleId={titleId} />
      <Disconnected />
      <TaskBody task={task} />
      <SubmitBar />
      <SignedOut />
      <Notices />
      <ResultSection openAtFirst />
      <Announcer />
      <Shell />
      <More />
    </section>
  );
}

/** What few look at: what would be sent, what was sent before, and where it is graded. */
export function More() {
  const { synced } = useApp();
  return (
    <div class="inginious-more">
      <Preview />
      <SubmissionHistory />
      <Service />
      {synced.role === "task" && <SubmitAs />}
    </div>
  );
}

function TaskBody({ task }: { task: TaskInfo }) {
  const { problems } = task;
  return (
    <>
      <SafeHtml html={task.context_html} />
      <div class="inginious-problems">
        {problems.map((problem, index) => (
          <Problem key={problem.id} problem={problem} number={index + 1} count={problems.length} />
        ))}
      </div>
    </>
  );
}
