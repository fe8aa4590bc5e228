// What a screen reader says: phases, the place in the queue now and then, and the result, never the
// ticks. Of all views that follow a submission, one says it.
import { ownValue } from "../own_value.ts";
import { roundedUp } from "../state/announcers.ts";
import { useAnnouncer } from "./announcer.ts";
import { useApp } from "./context.ts";

export function Announcer() {
  const { synced, language } = useApp();
  const { submission, result } = synced;
  const speaks = useAnnouncer(`submission ${submission?.id}`);
  const { t } = language;
  let text = "";
  if (submission && submission.phase !== "refused") {
    text = t.phases[submission.phase];
    if (submission.phase === "queued" && submission.at_most_before !== null) {
      const place = language.say(t.atMostBefore, { n: roundedUp(submission.at_most_before) });
      text = language.say(t.colon, { name: text, value: place });
    }
    if (submission.phase === "done" && result?.submission === submission.id) {
      const grade = result.grade === null ? t.noGrade : language.grade(result.grade);
      const value = `${ownValue(t.results, result.code) ?? result.code}, ${grade}`;
      text = language.say(t.colon, { name: text, value });
    }
  }
  return (
    <p class="inginious-announcer" role="status" aria-live="polite">
      {speaks && text}
    </p>
  );
}
