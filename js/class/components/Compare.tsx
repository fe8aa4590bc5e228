// Answers side by side: the first, and where each of the others differs from it. What students
// wrote is text, and what graders wrote has been sanitised.
import type { ComponentChildren } from "preact";
import { useMemo, useRef } from "preact/hooks";
import { resultClass } from "../../components/result_class.ts";
import { HtmlOfKernel } from "../../components/SafeHtml.tsx";
import { ownValue } from "../../own_value.ts";
import type { ClassAnswer, ClassTaskInfo } from "../../protocol/class_view.ts";
import { cellKey } from "../class_view.ts";
import { type Side, sides } from "../sides.ts";
import { useClass } from "./context.ts";
import { useEdges } from "./edges.ts";
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
          <div class="inginious-sides" style={{ "--rows": rowsOf(problems) }}>
            {answers.map((answer, index) => (
              <article key={cellKey(answer)} class="inginious-side-of">
                <Whose answer={answer} task={task} />
                {problems.length === 0 && <p class="inginious-muted">{c.noAnswer}</p>}
                {problems.map((problem) => (
                  <Text
                    key={problem}
                    problem={problem}
                    answers={answers}
                    index={index}
                    isOne={problems.length === 1}
                  />
                ))}
                <Said answer={answer} />
              </article>
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

/** So many parts are below each other: whose it is, each problem and its answer, the feedback. */
function rowsOf(problems: readonly string[]): number {
  return 2 + (problems.length > 1 ? 2 * problems.length : 1);
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

interface TextProps {
  problem: string;
  answers: readonly ClassAnswer[];
  /** Which of the answers. */
  index: number;
  isOne: boolean;
}

/** One answer to a problem, beside the others. */
function Text({ problem, answers, index, isOne }: TextProps) {
  const { eye, language, who } = useClass();
  const { c, say, t } = language;
  const scroller = useRef<HTMLPreElement>(null);
  const texts = answers.map(({ answers: all }) => ownValue(all, problem) ?? "");
  const lines = useMemo(() => besideTheFirst(texts, index), [texts.join("\0"), index]);
  useEdges(scroller, [lines, eye.projector]);
  const label = say(t.colon, { name: who(answers[index]?.student ?? 0), value: problem });
  return (
    <>
      {!isOne && <h5 class="inginious-side-problem">{problem}</h5>}
      <div class="inginious-side">
        {index > 0 && texts[index] === texts[0] && <p class="inginious-muted">{c.same}</p>}
        <div class="inginious-edges">
          {/* biome-ignore lint/a11y/useSemanticElements: a section would lose the form of the text. */}
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard. */}
          <pre ref={scroller} tabIndex={0} role="region" aria-label={label}>
            <span class="inginious-side-lines">
              {lines.slice(0, MAX_LINES).map((side, line) => (
                <Line key={line} side={side} isFirst={index === 0} />
              ))}
            </span>
          </pre>
        </div>
        {lines.length > MAX_LINES && (
          <p class="inginious-muted">{say(c.linesCut, { n: MAX_LINES })}</p>
        )}
      </div>
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

/** The lines of one: two are at the same height, of more each is compared with the first. */
function besideTheFirst(texts: readonly string[], index: number): Side[] {
  const [first = "", second = ""] = texts;
  if (texts.length === 2) return sides(first, second)[index] ?? [];
  if (index === 0) return first.split("\n").map((text) => ({ text, kind: "same" }));
  return sides(first, texts[index] ?? "")[1].filter(({ kind }) => kind !== "gap");
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
