// An earlier submission: its result, what was answered then compared with now, and a way back to it.
import { useEffect, useRef, useState } from "preact/hooks";
import { ownValue } from "../own_value.ts";
import type { OldAnswer, ProblemInfo } from "../protocol/task.ts";
import type { Replies } from "../protocol/task_requests.ts";
import { diffLines } from "../state/diff.ts";
import { useApp } from "./context.ts";
import { useFocusWithin } from "./focus_within.ts";
import { useLook } from "./look.ts";
import { Result } from "./Result.tsx";
import { useStatementWords } from "./statement_words.ts";

interface Props {
  id: string;
  /** It cannot be had; a notice says why. */
  onMissing: () => void;
}

export function OpenSubmission({ id, onMissing }: Props) {
  const { controller, synced, local } = useApp();
  const words = useStatementWords();
  const [found, setFound] = useState<Replies["open"] | null>(null);
  const look = useLook();
  useEffect(() => {
    let current = true;
    void controller.ask("open", { submission: id }).then((answer) => {
      if (!current) return;
      if (answer) setFound(answer.value);
      else onMissing();
    });
    return () => {
      current = false;
    };
  }, [controller, id]);
  if (!found) return null;
  const problems = (synced.task?.problems ?? []).filter(
    (problem) => ownValue(found.answers, problem.id) !== undefined,
  );
  return (
    <div ref={look} class="inginious-open-attempt">
      {found.result && <Result result={found.result} problems={synced.task?.problems ?? []} />}
      <p>
        <button
          type="button"
          class="inginious-button"
          aria-disabled={controller.busy || local.disconnected}
          onClick={() => void controller.resubmit(id)}
        >
          {words.resubmit}
        </button>
      </p>
      <h4>{words.differences}</h4>
      {problems.map((problem) => (
        <Then key={problem.id} problem={problem} answer={ownValue(found.answers, problem.id)} />
      ))}
    </div>
  );
}

interface ThenProps {
  problem: ProblemInfo;
  answer: OldAnswer | undefined;
}

function Then({ problem, answer }: ThenProps) {
  const { local } = useApp();
  const words = useStatementWords();
  const [held, hold] = useFocusWithin();
  if (!answer) return null;
  const now = ownValue(local.preview, problem.id)?.text ?? "";
  const same = now === answer.text;
  return (
    <div class="inginious-then">
      <strong>{problem.name || problem.id}</strong>
      {same ? (
        <p class="inginious-muted">{words.sameAnswer}</p>
      ) : (
        <Difference now={now} then={answer.text} />
      )}
      {(!same || held) && problem.type !== "file" && (
        <div {...hold}>
          <Restore problem={problem} answer={answer} done={same} />
        </div>
      )}
    </div>
  );
}

function Difference({ now, then }: { now: string; then: string }) {
  const { language } = useApp();
  const words = useStatementWords();
  const { t } = language;
  return (
    <pre class="inginious-diff">
      {diffLines(then, now).map(({ kind, text }, index) => (
        <span key={index} class={`inginious-diff-${kind}`}>
          <span class="inginious-diff-mark">
            {kind === "removed" ? `− ${words.before}` : kind === "added" ? `+ ${t.now}` : ""}
          </span>
          {text}
          {"\n"}
        </span>
      ))}
    </pre>
  );
}

interface RestoreProps {
  problem: ProblemInfo;
  answer: OldAnswer;
  /** Whether it is the answer now. */
  done: boolean;
}

/** Put an old answer back, after asking: into the cell it would be read from, or the control. */
function Restore({ problem, answer, done }: RestoreProps) {
  const { controller, local, language } = useApp();
  const words = useStatementWords();
  const { t } = language;
  const [asking, setAsking] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const preview = ownValue(local.preview, problem.id);
  const cells = preview?.cell_ids ?? [];
  const place = cells.length && preview ? preview.label : problem.name || problem.id;
  const close = () => {
    button.current?.focus(); // which the buttons of the question had
    setAsking(false);
  };
  const restore = () => {
    close();
    const { text, choices } = answer;
    const single = problem.type === "multiple_choice" ? (choices[0] ?? "") : text;
    controller.enter(problem.id, problem.multiple ? choices : single);
  };
  return (
    <p class="inginious-restore">
      <button
        ref={button}
        type="button"
        class="inginious-button"
        aria-expanded={asking}
        aria-disabled={done}
        onClick={() => !done && setAsking(!asking)}
      >
        {t.restore}
      </button>
      {asking && (
        <span class="inginious-ask">
          {language.say(words.restoreAsk, { label: place })}{" "}
          <button type="button" class="inginious-button inginious-primary" onClick={restore}>
            {words.restoreYes}
          </button>{" "}
          <button type="button" class="inginious-button" onClick={close}>
            {t.cancel}
          </button>
        </span>
      )}
    </p>
  );
}
