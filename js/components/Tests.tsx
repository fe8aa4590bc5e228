// The tests of a submission as a table; many of them are folded, the rest of very many is a download.
import { useState } from "preact/hooks";
import type { ResultInfo, TestInfo } from "../protocol.ts";
import { DownloadAll } from "./CutNote.tsx";
import { useLanguage } from "./context.ts";
import { Icon } from "./icons.tsx";

const SHOWN_AT_FIRST = 30;

export function Tests({ result }: { result: ResultInfo }) {
  const { t, say } = useLanguage();
  const [all, setAll] = useState(false);
  const { tests, test_counts: counts, submission } = result;
  const tags = tests.filter(({ kind }) => kind === "tag");
  const rows = tests.filter(({ kind }) => kind !== "tag");
  const shown = all ? rows : mostTelling(rows);
  return (
    <>
      {rows.length > 0 && (
        <div class="inginious-tests">
          <h4>
            {t.tests}{" "}
            {counts.decided > 0 && (
              <span class="inginious-muted">
                {say(t.testsPassed, { n: counts.passed, all: counts.decided })}
              </span>
            )}
          </h4>
          <table>
            <thead>
              <tr>
                <th scope="col">{t.test}</th>
                <th scope="col">{t.testResult}</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((test) => (
                <tr key={test.id}>
                  <th scope="row">{test.id}</th>
                  <td>
                    <TestResult test={test} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          {rows.length > SHOWN_AT_FIRST && (
            <button type="button" class="inginious-link" onClick={() => setAll(!all)}>
              {all ? t.showLess : say(t.showAllTests, { n: rows.length })}
            </button>
          )}
          {(counts.left_out > 0 || counts.cut) && (
            <p class="inginious-muted">
              {counts.left_out > 0 && `${say(t.moreTests, { n: counts.left_out })} `}
              <DownloadAll submission={submission} what="tests" />
            </p>
          )}
        </div>
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

/** What fits without unfolding: all in their order, or else those that were not passed first. */
function mostTelling(rows: TestInfo[]): TestInfo[] {
  if (rows.length <= SHOWN_AT_FIRST) return rows;
  const failed = rows.filter(({ kind }) => kind === "failed");
  return [...failed, ...rows.filter(({ kind }) => kind !== "failed")].slice(0, SHOWN_AT_FIRST);
}

function TestResult({ test }: { test: TestInfo }) {
  const { t } = useLanguage();
  if (test.kind === "text") return <>{test.text}</>;
  const passed = test.kind === "passed";
  return (
    <span class={passed ? "inginious-tone-success" : "inginious-tone-failed"}>
      <span class="inginious-word">
        <Icon name={passed ? "success" : "failed"} />
        {passed ? t.passed : t.notPassed}
      </span>
    </span>
  );
}
