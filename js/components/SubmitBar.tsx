// Submit and Stop. Both keep their place and their focus whatever the state: an action that is
// not possible now is marked so, and does nothing.
import type { Language } from "../i18n/index.ts";
import { ownValue } from "../own_value.ts";
import type { ServiceInfo, SubmissionInfo } from "../protocol.ts";
import { isActive } from "../state/controller.ts";
import { useApp } from "./context.ts";
import { useFocusWithin } from "./focus_within.ts";

export function SubmitBar({ small = false }: { small?: boolean }) {
  const { controller, synced, local, language } = useApp();
  const { t } = language;
  const { submission, task } = synced;
  const active = isActive(submission);
  const sending = local.pending.has("submit") || local.pending.has("resubmit");
  const blocked = active || sending || local.disconnected;
  const [held, hold] = useFocusWithin();
  const killing = (active && submission.kill_requested) || local.pending.has("kill");
  const missing = (task?.problems ?? []).filter(
    ({ id, optional }) => ownValue(local.preview, id)?.kind === "missing" && !optional,
  );
  const again = active || synced.standing.attempts > 0;
  const label = sending ? t.submitting : again ? t.submitAgain : t.submit;
  return (
    <div class={`inginious-actions ${small ? "inginious-actions-small" : ""}`}>
      <button
        type="button"
        class="inginious-button inginious-primary"
        aria-disabled={blocked}
        onClick={() => !blocked && void controller.submit()}
      >
        {label}
      </button>
      {(active || held) && (
        <button
          type="button"
          class="inginious-button"
          aria-disabled={!active || killing || local.disconnected}
          onClick={() => active && !killing && void controller.kill()}
          {...hold}
        >
          {killing ? t.killing : t.kill}
        </button>
      )}
      {active && submission.phase !== "reading" && (
        <span class="inginious-warning">{remark(submission, synced.service, language)}</span>
      )}
      {!active && missing.length > 0 && (
        <span class="inginious-muted">
          {language.say(t.missing, { names: missing.map(({ name, id }) => name || id).join(", ") })}
        </span>
      )}
    </div>
  );
}

/** What is worth a sentence while a submission is under way. */
function remark(submission: SubmissionInfo, service: ServiceInfo, { t, say }: Language): string {
  if (submission.kill_requested) return t.stopped;
  if (!["connected", "idle"].includes(service.state) && service.message) return service.message;
  if (submission.sendings > 1) return say(t.sentAgain, { n: submission.sendings });
  return "";
}
