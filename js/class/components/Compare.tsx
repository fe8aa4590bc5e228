// Answers side by side: the first, and where each of the others differs from it. What students
// wrote is text, and what graders wrote has been sanitised.
import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import { resultClass } from "../../components/result_class.ts";
import { HtmlOfKernel } from "../../components/SafeHtml.tsx";
import { ownValue } from "../../own_value.ts";
import type { ClassAnswer, ClassTaskInfo } from "../../protocol/class_view.ts";
import { cellKey } from "../class_view.ts";
import { type Side, sides } from "../sides.ts";
import { useClass } from "./context.ts";
import { failedTests } from "./TaskTests.tsx";

const MAX_LINES = 500;

export function Compare() {
  const { view, state, eye, language } = useClass();
  const { c } = language;
  const answers = eye.chosen.flatMap((name) => eye.answers.get(cellKey(name)) ?? []);
  const problems = [...new Set(answers.flatMap((answer) => Object.keys(answer.answers)))];
  const task = state.tasks.find(({ ref }) => ref === answers[0]?.task);
  return (
    <section class="inginious-class-part" aria-label={c.compare}>
      <h3>{c.compare}</h3>
      {eye.chosen.length === 0 && <p class="inginious-muted">{c.compareHelp}</p>}
      {answers.length > 0 && (
        <>
          <div class="inginious-sides" style={{ "--sides": answers.length }}>
            {answers.map((answer) => (
              <Whose key={cellKey(answer)} answer={answer} task={task} />
            ))}
            {problems.length === 0 && <p class="inginious-muted">{c.noAnswer}</p>}
            {problems.map((problem) => (
              <Texts
                key={problem}
                problem={problem}
                answers={answers}
                isOne={problems.length === 1}
              />
            ))}
            {answers.map((answer) => (
              <Said key={cellKey(answer)} answer={answer} />
            ))}
          </div>
          <button type="button" class="inginious-button" onClick={() => view.clear()}>
            {c.clear}
          </button>
        </>
      )}
    </section>
  );
}

/** Whose answer it is, its result, and the tests that it fails. */
function Whose({ answer, task: about }: { answer: ClassAnswer; task: ClassTaskInfo | undefined }) {
  const { view, state, language, who } = useClass();
  const { t, c, say } = language;
  const { student, task, code } = answer;
  const cell = state.cells.get(cellKey(answer));
  const isPending = cell?.state === "waiting" || cell?.state === "running";
  const shown = isPending ? cell.state : answer.state;
  const failed = about ? failedTests(about, answer.failed, language) : "";
  return (
    <div class="inginious-whose">
      <h4>
        {who(student)}
        <span class={code && !isPending ? resultClass(code) : ""}>
          {" "}
          <span class="inginious-word">
            {code && !isPending
              ? (ownValue(t.results, code) ?? code)
              : (ownValue<string>(c.states, shown) ?? shown)}
          </span>
          {answer.grade !== null && !isPending && ` ${language.grade(answer.grade)}`}
        </span>
      </h4>
      {failed && <p>{say(c.failedTests, { tests: failed })}</p>}
      {!failed && answer.passed.length > 0 && <p>{c.passesAll}</p>}
      <p class="inginious-whose-actions">
        <button
          type="button"
          class="inginious-link"
          aria-disabled={isPending}
          aria-label={say(t.colon, { name: c.regrade, value: who(student) })}
          onClick={() => {
            if (!isPending) void view.ask("regrade", { student, task });
          }}
        >
          {c.regrade}
        </button>{" "}
        <button
          type="button"
          class="inginious-link"
          aria-label={say(c.remove, { who: who(student) })}
          onClick={() => view.toggle({ student, task })}
        >
          ×
        </button>
      </p>
    </div>
  );
}

interface TextsProps {
  problem: string;
  answers: readonly ClassAnswer[];
  isOne: boolean;
}

/** The answers to one problem. */
function Texts({ problem, answers, isOne }: TextsProps) {
  const { language, who } = useClass();
  const { c, say, t } = language;
  const texts = answers.map(({ answers: all }) => ownValue(all, problem) ?? "");
  const shown = useMemo(() => besideEachOther(texts), [texts.join("\0")]);
  return (
    <>
      {!isOne && <h5 class="inginious-side-problem">{problem}</h5>}
      {shown.map((lines, index) => {
        const answer = answers[index];
        if (!answer) return null;
        const label = say(t.colon, { name: who(answer.student), value: problem });
        const isSame = index > 0 && texts[index] === texts[0];
        return (
          <div key={cellKey(answer)} class="inginious-side">
            {isSame && <p class="inginious-muted">{c.same}</p>}
            {/* biome-ignore lint/a11y/useSemanticElements: a section would lose the form of the text. */}
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard. */}
            <pre tabIndex={0} role="region" aria-label={label}>
              <span class="inginious-side-lines">
                {lines.slice(0, MAX_LINES).map((side, line) => (
                  <Line key={line} side={side} isFirst={index === 0} />
                ))}
              </span>
            </pre>
            {lines.length > MAX_LINES && (
              <p class="inginious-muted">{say(c.linesCut, { n: MAX_LINES })}</p>
            )}
          </div>
        );
      })}
    </>
  );
}

function Line({ side: { text, kind }, isFirst }: { side: Side; isFirst: boolean }) {
  const rest = `${text}\n`;
  if (kind === "gap") return <span class="inginious-side-gap">{"\n"}</span>;
  if (kind === "same") return <span>{rest}</span>;
  return isFirst ? (
    <del class="inginious-diff-removed">{rest}</del>
  ) : (
    <ins class="inginious-diff-added">{rest}</ins>
  );
}

/** The lines of each; two are at the same height, of more each is compared with the first. */
function besideEachOther(texts: readonly string[]): Side[][] {
  const [first = "", ...others] = texts;
  const pairs = others.map((text) => sides(first, text));
  const alone = first.split("\n").map((text): Side => ({ text, kind: "same" }));
  if (pairs.length === 1) return pairs[0] ?? [];
  return [alone, ...pairs.map(([, right]) => right.filter(({ kind }) => kind !== "gap"))];
}

/** What the grader says of it. */
function Said({ answer }: { answer: ClassAnswer }) {
  const { state, language } = useClass();
  const { c } = language;
  const parts: ComponentChildren[] = [];
  if (answer.feedback.html) {
    parts.push(<HtmlOfKernel key="" html={answer.feedback.html} lang={state.lang} />);
  }
  for (const [problem, { feedback }] of Object.entries(answer.problems)) {
    if (feedback.html) {
      parts.push(<HtmlOfKernel key={problem} html={feedback.html} lang={state.lang} />);
    }
  }
  return (
    <div class="inginious-said">
      {answer.message && <p>{answer.message}</p>}
      {parts.length > 0 && (
        <details class="inginious-fold">
          <summary>{c.feedback}</summary>
          {parts}
        </details>
      )}
    </div>
  );
}
