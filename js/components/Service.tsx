// Where grading happens, and whether it answers. The address is asked for when somebody wants to
// see it: it is in no state that is saved with the notebook.
import { useEffect, useState } from "preact/hooks";
import { ownValue } from "../own_value.ts";
import type { Replies } from "../protocol/task_requests.ts";
import { useApp } from "./context.ts";
import { Fold } from "./Fold.tsx";
import { useStatementWords } from "./statement_words.ts";

export function Service() {
  const { synced, language } = useApp();
  const words = useStatementWords();
  const { t } = language;
  const { kind, state, message } = synced.service;
  return (
    <Fold
      title={
        <>
          {words.where}{" "}
          <span class="inginious-muted">
            {ownValue(t.serviceKind, kind) ?? kind}, {ownValue(t.service, state) ?? state}
          </span>
        </>
      }
    >
      {message && <p>{message}</p>}
      <Where />
    </Fold>
  );
}

function Where() {
  const { synced, controller } = useApp();
  const words = useStatementWords();
  const { kind, state } = synced.service;
  const [details, setDetails] = useState<Replies["where"] | null>(null);
  // Asked again when the state changes: a service knows its sandbox once it has started.
  useEffect(() => {
    let current = true;
    void controller.askQuietly("where", {}).then((answer) => {
      if (current && answer) setDetails(answer.value);
    });
    return () => {
      current = false;
    };
  }, [controller, kind, state]);
  if (!details) return null;
  return (
    <dl class="inginious-pairs">
      <Pair name={words.address} values={[details.address]} />
      <Pair name={words.sandbox} values={[details.sandbox]} />
      <Pair name={words.isolated} values={details.isolated} />
      <Pair name={words.notIsolated} values={details.open} />
    </dl>
  );
}

function Pair({ name, values }: { name: string; values: string[] }) {
  if (!values.some(Boolean)) return null;
  return (
    <>
      <dt>{name}</dt>
      <dd>
        {values.map((value) => (
          <div key={value}>{value}</div>
        ))}
      </dd>
    </>
  );
}
