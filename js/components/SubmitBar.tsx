// Submit and Stop. Both keep their place and their focus whatever the state: an action that is
// not possible now is marked so, and does nothing.
import { ownValue } from "../own_value.ts";
import { isActive } from "../state/controller.ts";
import { ByWidth } from "./ByWidth.tsx";
import { useApp } from "./context.ts";
import { useFocusWithin } from "./focus_within.ts";
import { named } from "./named.ts";
import { AsMyself, Student } from "./SubmitAs.tsx";

export function SubmitBar() {
  const { synced, local, language } = useApp();
  const { submission, task } = synced;
  const missing = (task?.problems ?? []).filter(
    ({ id, optional }) => ownValue(local.preview, id)?.kind === "missing" && !optional,
  );
  return (
    <div class="inginious-actions">
      <SubmitButton />
      <StopButton />
      <Student />
      <AsMyself />
      {!isActive(submission) && missing.length > 0 && (
        <span class="inginious-muted">
          {language.say(language.t.missing, {
            names: missing.map(({ name, id }) => name || id).join(", "),
          })}
        </span>
      )}
    </div>
  );
}

interface SubmitProps {
  quiet?: boolean;
  hold?: ReturnType<typeof useFocusWithin>[1];
}

/** Submit in a line, which has no room for what cannot be pressed now, unless it has the focus. */
export function SubmitInLine({ quiet }: { quiet: boolean }) {
  const { synced } = useApp();
  const [held, hold] = useFocusWithin();
  if (isActive(synced.submission) && !held) return null;
  return <SubmitButton quiet={quiet} hold={hold} />;
}

export function SubmitButton({ quiet = false, hold }: SubmitProps) {
  const { controller, synced, local, language } = useApp();
  const { t } = language;
  const active = isActive(synced.submission);
  const sending = local.pending.has("submit") || local.pending.has("resubmit");
  const blocked = active || sending || local.disconnected;
  const again = active || synced.history.length > 0;
  const label = sending ? t.submitting : again ? t.submitAgain : t.submit;
  return (
    <button
      type="button"
      class={`inginious-button ${quiet ? "" : "inginious-primary"}`}
      aria-disabled={blocked}
      aria-label={named(label, synced.task?.name, language)}
      onClick={() => !blocked && void controller.submit()}
      {...hold}
    >
      {quiet && label === t.submitAgain ? <ByWidth wide={label} narrow={t.submit} /> : label}
    </button>
  );
}

export function StopButton() {
  const { controller, synced, local, language } = useApp();
  const { t } = language;
  const { submission } = synced;
  const active = isActive(submission);
  const [held, hold] = useFocusWithin();
  if (!active && !held) return null;
  const killing = (active && submission.kill_requested) || local.pending.has("kill");
  const label = killing ? t.killing : t.kill;
  return (
    <button
      type="button"
      class="inginious-button"
      aria-disabled={!active || killing || local.disconnected}
      aria-label={named(label, synced.task?.name, language)}
      onClick={() => active && !killing && void controller.kill()}
      {...hold}
    >
      {label}
    </button>
  );
}
