// What would be sent if Submit were pressed now: each answer, where it is read from and how old.

import { ownValue } from "../own_value.ts";
import { useApp } from "./context.ts";
import { FilePreview } from "./FilePreview.tsx";
import { Fold } from "./Fold.tsx";
import { useLook } from "./look.ts";
import { useStatementWords } from "./statement_words.ts";

export function Preview() {
  const { synced, language, controller } = useApp();
  const words = useStatementWords();
  const { t } = language;
  return (
    <Fold title={words.willBeSent}>
      <Answers />
      {!controller.notebook && synced.role !== "task" && (
        <p class="inginious-muted">{t.noNotebook}</p>
      )}
    </Fold>
  );
}

function Answers() {
  const { synced, local, language } = useApp();
  const words = useStatementWords();
  const { t, say, dateTime } = language;
  const look = useLook();
  const problems = synced.task?.problems ?? [];
  return (
    <dl ref={look} class="inginious-preview">
      {problems.map(({ id, name }) => {
        const answer = ownValue(local.preview, id);
        if (!answer) return null;
        const missing = answer.kind === "missing";
        const live = answer.kind === "cell" || answer.kind === "widget";
        return (
          <div key={id}>
            <dt>
              {name || id}{" "}
              <span class="inginious-muted">
                {missing
                  ? words.nothing
                  : `${answer.kind === "widget" ? words.fromWidget : answer.label} · ${say(
                      words.readAt,
                      {
                        when: live ? t.now : dateTime(answer.read_at),
                      },
                    )}`}
              </span>
            </dt>
            <dd>
              {answer.file ? (
                <FilePreview problemId={id} name={answer.text} info={answer.file} />
              ) : (
                answer.text && <pre>{answer.text}</pre>
              )}
              {answer.error && <p class="inginious-warning">{answer.error}</p>}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
