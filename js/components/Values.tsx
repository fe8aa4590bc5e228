// The values that a grader sent beside its feedback: simple ones as a table, the others folded.
import { Fragment } from "preact";
import { useState } from "preact/hooks";
import { useLanguage } from "./context.ts";
import { Fold } from "./Fold.tsx";

const SHOWN_AT_FIRST = 30;

export function Values({ json }: { json: string }) {
  const { t } = useLanguage();
  const [all, setAll] = useState(false);
  const values = parsed(json);
  if (!values) return <pre>{json}</pre>;
  const shown = all ? values : values.slice(0, SHOWN_AT_FIRST);
  return (
    <>
      <dl class="inginious-pairs">
        {shown.map(([name, value]) => (
          <Fragment key={name}>
            <dt>{name}</dt>
            <dd>
              <Value value={value} />
            </dd>
          </Fragment>
        ))}
      </dl>
      {values.length > SHOWN_AT_FIRST && (
        <button type="button" class="inginious-link" onClick={() => setAll(!all)}>
          {all ? t.showLess : t.showMore}
        </button>
      )}
    </>
  );
}

function Value({ value }: { value: unknown }) {
  const { t, say } = useLanguage();
  if (isSimple(value)) return <>{written(value)}</>;
  if (Array.isArray(value) && value.every(isSimple)) return <>{value.map(written).join(", ")}</>;
  const n = Object.keys(value as object).length;
  return (
    <Fold title={say(t.nestedValues, { n })}>
      <pre>{JSON.stringify(value, null, 2)}</pre>
    </Fold>
  );
}

/** The values by name; null if there are none, or if the text was cut and is no JSON any more. */
function parsed(json: string): [string, unknown][] | null {
  try {
    const value: unknown = JSON.parse(json);
    return value && typeof value === "object" && !Array.isArray(value)
      ? Object.entries(value)
      : null;
  } catch {
    return null;
  }
}

function isSimple(value: unknown): boolean {
  return value === null || typeof value !== "object";
}

function written(value: unknown): string {
  return value === null ? "–" : String(value);
}
