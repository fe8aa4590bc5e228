// Where grading happens, and whether it answers. The address is asked for when somebody wants to
// see it: it is in no state that is saved with the notebook.
import { useState } from "preact/hooks";
import type { Replies } from "../protocol.ts";
import { useApp } from "./context.ts";

export function Service() {
  const { synced, controller, language } = useApp();
  const { t } = language;
  const { service } = synced;
  const [details, setDetails] = useState<Replies["where"] | null>(null);
  const open = async (isOpen: boolean) => {
    if (isOpen) setDetails((await controller.ask("where"))?.value ?? null);
  };
  return (
    <details class="inginious-fold" onToggle={(event) => void open(event.currentTarget.open)}>
      <summary>
        {t.where}{" "}
        <span class="inginious-muted">
          {t.serviceKind[service.kind] ?? service.kind}, {t.service[service.state] ?? service.state}
        </span>
      </summary>
      {service.message && <p>{service.message}</p>}
      {details && (
        <dl class="inginious-pairs">
          <Pair name={t.address} value={details.address} />
          <Pair name={t.sandbox} value={details.sandbox} />
          <Pair name={t.isolated} value={details.isolated.join(", ")} />
          <Pair name={t.notIsolated} value={details.open.join(", ")} />
        </dl>
      )}
    </details>
  );
}

function Pair({ name, value }: { name: string; value: string }) {
  if (!value) return null;
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}
