// The live queue: what of this person's waits or runs, and a way to stop it.

import { named } from "../../components/named.ts";
import { ownValue } from "../../own_value.ts";
import type { PendingRow } from "../../protocol/overview.ts";
import { useStore } from "../../state/store.ts";
import type { ServerSocket } from "../../transport/server.ts";
import type { LabLanguage } from "../language.ts";
import { NotConnected } from "./NotConnected.tsx";

interface Props {
  socket: ServerSocket;
  language: LabLanguage;
  openTask: (ref: string) => void;
}

export function Queue({ socket, language, openTask }: Props) {
  const overview = useStore(socket.overview);
  const isLost = useStore(socket.state) === "lost";
  const { t, lab, say } = language;
  const rows = overview?.pending ?? [];
  const service = overview?.service;
  return (
    <section class="inginious inginious-queue" aria-label={lab.queue} lang={language.code}>
      <NotConnected socket={socket} language={language} />
      {service && !isLost && (
        <p class="inginious-muted">
          {ownValue(t.serviceKind, service.kind) ?? service.kind},{" "}
          {ownValue(t.service, service.state) ?? service.state}
        </p>
      )}
      {service?.message && !isLost && service.state !== "connected" && (
        <p class="inginious-notice">{service.message}</p>
      )}
      {rows.length === 0 && !isLost && <p>{lab.queueEmpty}</p>}
      <ul>
        {rows.map((row) => (
          <li key={row.id}>
            <button type="button" class="inginious-link" onClick={() => openTask(row.task)}>
              {row.name}
            </button>{" "}
            <span>{say(t.submissionNumber, { n: row.number })}</span>{" "}
            <span>{place(row, language)}</span>{" "}
            <span class="inginious-muted">{say(lab.since, { time: language.time(row.at) })}</span>{" "}
            {row.elsewhere ? (
              <span class="inginious-muted">{lab.stopElsewhere}</span>
            ) : (
              <button
                type="button"
                class="inginious-button"
                aria-disabled={row.kill_requested}
                aria-label={named(row.kill_requested ? t.killing : t.kill, row.name, language)}
                onClick={() => {
                  if (!row.kill_requested) {
                    void socket.ask("stop", { submission: row.id }).catch(() => {}); // it has ended
                  }
                }}
              >
                {row.kill_requested ? t.killing : t.kill}
              </button>
            )}
            {row.note && <p class="inginious-muted">{row.note}</p>}
          </li>
        ))}
      </ul>
    </section>
  );
}

function place(row: PendingRow, { t, say }: LabLanguage): string {
  const { phase, at_most_before } = row;
  if (row.elsewhere) return say(t.colon, { name: t.underWay, value: t.inAnotherKernel });
  if (phase !== "queued" || at_most_before === null) return t.phases[phase];
  return say(t.colon, { name: t.phases.queued, value: say(t.atMostBefore, { n: at_most_before }) });
}
