// The attempts at this task, newest first, with a chart of their grades.
import { useState } from "preact/hooks";
import { ownValue } from "../own_value.ts";
import type { SubmissionRow } from "../protocol/task.ts";
import { useApp } from "./context.ts";
import { Fold } from "./Fold.tsx";
import { GradeChart } from "./GradeChart.tsx";
import { Icon } from "./icons.tsx";
import { OpenSubmission } from "./OpenSubmission.tsx";
import { resultClass } from "./result_class.ts";
import { useStatementWords } from "./statement_words.ts";

const SHOWN_AT_FIRST = 10;

export function SubmissionHistory() {
  const { synced, language } = useApp();
  const words = useStatementWords();
  const { t } = language;
  const [opened, setOpened] = useState<string | null>(null);
  const [all, setAll] = useState(false);
  const { history } = synced;
  if (!history.length) return null;
  const shown = all ? history : history.slice(0, SHOWN_AT_FIRST);
  return (
    <Fold
      title={
        <>
          {t.history}{" "}
          <span class="inginious-muted">
            {language.say(words.submissions, { n: history.length })}
          </span>
        </>
      }
    >
      <GradeChart attempts={history} />
      <ul class="inginious-attempts">
        {shown.map((attempt) => (
          <li key={attempt.id}>
            <Row
              attempt={attempt}
              opened={opened === attempt.id}
              onToggle={() => setOpened(opened === attempt.id ? null : attempt.id)}
            />
            {opened === attempt.id && (
              <OpenSubmission id={attempt.id} onMissing={() => setOpened(null)} />
            )}
          </li>
        ))}
      </ul>
      {history.length > SHOWN_AT_FIRST && (
        <button type="button" class="inginious-link" onClick={() => setAll(!all)}>
          {all ? t.showLess : t.showMore}
        </button>
      )}
    </Fold>
  );
}

interface RowProps {
  attempt: SubmissionRow;
  opened: boolean;
  onToggle: () => void;
}

function Row({ attempt, opened, onToggle }: RowProps) {
  const { local, language } = useApp();
  const words = useStatementWords();
  const { t, grade, dateTime } = language;
  const { code } = attempt;
  return (
    <div class="inginious-attempt">
      <span class="inginious-attempt-number">{attempt.number}</span>
      <span class="inginious-attempt-when">{dateTime(attempt.submitted_at)}</span>
      <span class={code ? resultClass(code) : "inginious-muted"}>
        {code ? (
          <span class="inginious-word">
            <Icon name={code} /> {ownValue(t.results, code) ?? code}
          </span>
        ) : (
          words.noResult
        )}
      </span>
      <span class="inginious-attempt-grade">
        {attempt.grade !== null ? grade(attempt.grade) : code && t.noGrade}
      </span>
      <button
        type="button"
        class="inginious-link"
        aria-expanded={opened}
        aria-disabled={local.disconnected && !opened}
        aria-label={language.say(t.colon, {
          name: opened ? t.closeAttempt : t.open,
          value: language.say(t.submissionNumber, { n: attempt.number }),
        })}
        onClick={onToggle}
      >
        {opened ? t.closeAttempt : t.open}
      </button>
    </div>
  );
}
