// The tests of a submission: those that failed in the open, the others folded; the rest of very many
// is a download.
import { useState } from "preact/hooks";
import type { ResultInfo, TestInfo } from "../protocol/task.ts";
import { DownloadAll } from "./CutNote.tsx";
import { useLanguage } from "./context.ts";
import { Fold } from "./Fold.tsx";
import { Icon } from "./icons.tsx";

const SHOWN_AT_FIRST = 30;

export function FailedTests({ result }: { result: ResultInfo }) {
  const { t } = useLanguage();
  const failed = result.tests.filter(({ kind }) => kind === "failed");
  return <TestList label={t.notPassed} tests={failed} />;
}

/** Those that were passed, and what says neither: values, and the tags that the grader gave. */
export function PassedTests({ result }: { result: ResultInfo }) {
  const { t, say } = useLanguage();
  const { tests, test_counts: counts, submission } = result;
  const passed = tests.filter(({ kind }) => kind === "passed");
  const values = tests.filter(({ kind }) => kind === "text");
  const tags = tests.filter(({ kind }) => kind === "tag");
  return (
    <>
      <TestList label={t.otherTests} tests={values} />
      {passed.length > 0 && (
        <Fold title={say(t.passedTests, { n: counts.passed })}>
          <TestList label={t.passed} tests={passed} />
        </Fold>
      )}
      {(counts.left_out > 0 || counts.cut) && (
        <p class="inginious-muted">
          {counts.left_out > 0 && `${say(t.moreTests, { n: counts.left_out })} `}
          <DownloadAll submission={submission} what="tests" />
        </p>
      )}
      {tags.length > 0 && (
        <p class="inginious-tags">
          <span class="inginious-muted">{t.tags}</span>
          {tags.map((tag) => (
            <span key={tag.id} class="inginious-tag">
              {tag.text}
            </span>
          ))}
        </p>
      )}
    </>
  );
}

function TestList({ label, tests }: { label: string; tests: TestInfo[] }) {
  const { t, say } = useLanguage();
  const [all, setAll] = useState(false);
  if (!tests.length) return null;
  const shown = all ? tests : tests.slice(0, SHOWN_AT_FIRST);
  return (
    <>
      <ul class="inginious-tests" aria-label={label}>
        {shown.map((test) => (
          <Test key={test.id} test={test} />
        ))}
      </ul>
      {tests.length > SHOWN_AT_FIRST && (
        <button type="button" class="inginious-link" onClick={() => setAll(!all)}>
          {all ? t.showLess : say(t.showAllTests, { n: tests.length })}
        </button>
      )}
    </>
  );
}

function Test({ test: { kind, name, text } }: { test: TestInfo }) {
  const { t, say } = useLanguage();
  if (kind === "text") return <li>{say(t.colon, { name, value: text })}</li>;
  const passed = kind === "passed";
  return (
    <li class={`inginious-test ${passed ? "inginious-tone-success" : "inginious-tone-failed"}`}>
      <Icon name={passed ? "success" : "failed"} />
      <span>
        {name} <span class="inginious-muted">{passed ? t.passed : t.notPassed}</span>
      </span>
    </li>
  );
}
