// Sentences that need attention: a refusal of the kernel, a kernel that is gone, a host that
// cannot do everything.

import { own } from "../own.ts";
import { useApp } from "./context.ts";
import { Icon } from "./icons.tsx";
import { useSpeaker } from "./speaker.ts";

export function Notices() {
  const { local, synced, controller, language } = useApp();
  const { submission } = synced;
  const { t } = language;
  const notice = local.notice && (own(t.failures, local.notice.text) ?? local.notice.text);
  const refusal = notice ?? (submission?.phase === "refused" ? submission.error : null);
  // Seen in every view, and heard once.
  const speaks = useSpeaker(notice ? `notice ${synced.key}` : `refusal ${submission?.id}`);
  return (
    <>
      <div {...(speaks ? { role: "alert" } : {})} class="inginious-alert-region">
        {refusal && (
          <p class="inginious-notice inginious-notice-error">
            <Icon name="error" /> <span>{refusal}</span>
          </p>
        )}
      </div>
      {local.waiting && !local.asleep && (
        <p class="inginious-notice" role="status">
          {t.busyKernel}
        </p>
      )}
      {!controller.notebook && !local.asleep && synced.role === "task" && (
        <p class="inginious-notice">{t.noNotebook}</p>
      )}
    </>
  );
}

export function Asleep() {
  const { local } = useApp();
  return local.asleep ? <AsleepNote /> : null;
}

function AsleepNote() {
  const { language } = useApp();
  const speaks = useSpeaker("asleep");
  return (
    <p class="inginious-notice inginious-notice-asleep" {...(speaks ? { role: "status" } : {})}>
      <Icon name="asleep" />
      <span>
        <strong>{language.t.asleep}</strong> {language.t.wake}
      </span>
    </p>
  );
}
