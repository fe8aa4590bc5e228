// The whole widget of a task, from its title to where it is graded.
import { useId } from "preact/hooks";
import type { TaskInfo } from "../protocol.ts";
import { isActive } from "../state/controller.ts";
import { useApp } from "./context.ts";
import { Header } from "./Header.tsx";
import { Disconnected, Notices } from "./Notices.tsx";
import { Preview } from "./Preview.tsx";
import { Problem } from "./Problem.tsx";
import { Result } from "./Result.tsx";
import { SafeHtml } from "./SafeHtml.tsx";
import { Service } from "./Service.tsx";
import { Shell } from "./Shell.tsx";
import { Announcer, StatusLine } from "./StatusLine.tsx";
import { SubmissionHistory } from "./SubmissionHistory.tsx";
import { SubmitBar } from "./SubmitBar.tsx";

export function TaskPanel() {
  const { synced, language } = useApp();
  const titleId = useId();
  const { task, result, submission, role } = synced;
  if (!task) return null;
  const previous = isActive(submission) && result?.submission !== submission.id;
  return (
    <section class="inginious" aria-labelledby={titleId} lang={language.code}>
      <Header task={task} standing={synced.standing} titleId={titleId} />
      <Disconnected />
      {role === "task" && <TaskBody task={task} />}
      <SubmitBar />
      <Notices />
      <StatusLine />
      <Announcer />
      <Shell />
      {result && (
        <Result
          result={result}
          previous={previous}
          problems={role === "task" ? [] : task.problems}
        />
      )}
      <div class="inginious-more">
        {role === "submission" && (
          <details class="inginious-fold">
            <summary>{language.t.task}</summary>
            <TaskBody task={task} />
          </details>
        )}
        <Preview />
        <SubmissionHistory />
        <Service />
      </div>
    </section>
  );
}

function TaskBody({ task }: { task: TaskInfo }) {
  const { problems } = task;
  return (
    <>
      <SafeHtml html={task.context_html} class="inginious-context" />
      <div class="inginious-problems">
        {problems.map((problem, index) => (
          <Problem key={problem.id} problem={problem} number={index + 1} count={problems.length} />
        ))}
      </div>
    </>
  );
}
