// Name of the task, and how it stands: deadline, attempts, best and last grade.
import type { Standing, TaskInfo } from "../protocol/task.ts";
import { useApp } from "./context.ts";
import { useStatementWords } from "./statement_words.ts";

interface Props {
  task: TaskInfo;
  standing: Standing;
  titleId: string;
}

export function Header({ task, standing, titleId }: Props) {
  const { synced, local, language } = useApp();
  const words = useStatementWords();
  const { t, say, grade, dateTime } = language;
  const { attempts, attempts_left: left, limit, best_grade: best, last_grade: last } = standing;
  // Also one that waits, or was stopped; of what was submitted elsewhere the snapshot tells.
  const isNew = !attempts && !synced.history.length && !synced.submission && !local.elsewhere;
  return (
    <header class="inginious-header">
      <h2 id={titleId}>{task.name}</h2>
      <p class="inginious-facts">
        {task.author && <span>{say(t.by, { author: task.author })}</span>}
        {task.site && <span>{say(t.at, { site: task.site })}</span>}
        {task.deadline !== null && (
          <span>{say(t.deadline, { when: dateTime(task.deadline) })}</span>
        )}
        {!task.accessible && (
          <span class="inginious-warning">{task.site ? t.closed : words.closedHere}</span>
        )}
        {attempts > 0 && <span>{say(t.attempts, { n: attempts })}</span>}
        {limit && <span class={left ? "" : "inginious-warning"}>{limit}</span>}
        {!task.site && (!task.accessible || left === 0) && <span>{words.stillGraded}</span>}
        {isNew && (
          <>
            <span>{t.noAttempts}</span>
            <span>{words.firstStep}</span>
          </>
        )}
        {best !== null && <span>{say(t.best, { grade: grade(best) })}</span>}
        {last !== null && last !== best && <span>{say(t.last, { grade: grade(last) })}</span>}
      </p>
    </header>
  );
}
