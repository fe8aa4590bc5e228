// The whole widget of a task, from its title to where it is graded.
import { useId } from "preact/hooks";
import { AttemptHistory } from "./AttemptHistory.tsx";
import { useApp } from "./context.ts";
import { Header } from "./Header.tsx";
import { Asleep, Notices } from "./Notices.tsx";
import { Preview } from "./Preview.tsx";
import { Problem } from "./Problem.tsx";
import { Result } from "./Result.tsx";
import { SafeHtml } from "./SafeHtml.tsx";
import { Service } from "./Service.tsx";
import { Announcer, StatusLine } from "./StatusLine.tsx";
import { SubmitBar } from "./SubmitBar.tsx";

export function TaskPanel() {
  const { synced } = useApp();
  const titleId = useId();
  const { task, result } = synced;
  if (!task) return null;
  return (
    <section class="inginious" aria-labelledby={titleId} lang={synced.lang}>
      <Header task={task} standing={synced.standing} titleId={titleId} />
      <Asleep />
      <SafeHtml html={task.context_html} class="inginious-context" />
      <div class="inginious-problems">
        {task.problems.map((problem, index) => (
          <Problem
            key={problem.id}
            problem={problem}
            number={index + 1}
            count={task.problems.length}
          />
        ))}
      </div>
      <SubmitBar />
      <Notices />
      <StatusLine />
      <Announcer />
      {result && <Result result={result} />}
      <div class="inginious-more">
        <Preview />
        <AttemptHistory />
        <Service />
      </div>
    </section>
  );
}
