// Sentences that need attention: a refusal of the kernel, a kernel that is gone, a host that
// cannot do everything.

import { ownValue } from "../own_value.ts";
import { useAnnouncer } from "./announcer.ts";
import { useApp } from "./context.ts";
import { Icon } from "./icons.tsx";

export function Notices() {
  const { local, synced, controller, language, problemId, hasView } = useApp();
  const { submission } = synced;
  const { t } = language;
  // Of several views of a task that stand beneath its cells, the one that it concerns.
  const concerns = (problem: string | null) =>
    !problemId || !problem || problem === problemId || !hasView?.(problem);
  const notice =
    local.notice && concerns(local.notice.problemId)
      ? (ownValue(t.failures, local.notice.text) ?? local.notice.text)
      : null;
  const refused = submission?.phase === "refused" && concerns(submission.error_problem);
  const refusal = notice ?? (refused ? submission.error : null);
  // Seen in every view, and heard once.
  const speaks = useAnnouncer(notice ? `notice ${synced.key}` : `refusal ${submission?.id}`);
  return (
    <>
      <div {...(speaks ? { role: "alert" } : {})} class="inginious-alert-region">
        {refusal && (
          <p class="inginious-notice inginious-notice-error">
            <Icon name="error" /> <span>{refusal}</span>
          </p>
        )}
      </div>
      {local.waiting && !local.disconnected && (
        <p class="inginious-notice" role="status">
          {t.busyKernel}
        </p>
      )}
      {!controller.notebook && !local.disconnected && synced.role === "task" && (
        <p class="inginious-notice">{t.noNotebook}</p>
      )}
    </>
  );
}

export function Disconnected() {
  const { local } = useApp();
  return local.disconnected ? <DisconnectedNote /> : null;
}

function DisconnectedNote() {
  const { language } = useApp();
  const speaks = useAnnouncer("disconnected");
  return (
    <p
      class="inginious-notice inginious-notice-disconnected"
      {...(speaks ? { role: "status" } : {})}
    >
      <Icon name="disconnected" />
      <span>
        <strong>{language.t.disconnected}</strong> {language.t.reconnect}
      </span>
    </p>
  );
}
