// Where the site waits for a person: a paragraph, and the way to sign in without leaving the task.
import { useEffect, useRef, useState } from "preact/hooks";
import { useAnnouncer } from "./announcer.ts";
import { useApp } from "./context.ts";
import { Icon } from "./icons.tsx";
import { named } from "./named.ts";

export function SignedOut() {
  const { synced, local, language, signIn, SignInForm } = useApp();
  const { t } = language;
  const [isOpen, open] = useState(false);
  /** What was said at the end, in the place of the form that had the focus. */
  const [said, say] = useState("");
  const button = useRef<HTMLButtonElement>(null);
  const returns = useRef(false);
  const paragraph = useRef<HTMLParagraphElement>(null);
  const speaks = useAnnouncer("signed out");
  const isOut = synced.service.state === "signed_out" && !local.disconnected;
  useEffect(() => {
    if (said) paragraph.current?.focus();
  }, [said]);
  useEffect(() => {
    if (returns.current && !isOpen) button.current?.focus();
    returns.current = isOpen;
  }, [isOpen]);
  if (isOpen && SignInForm && !local.disconnected) {
    const end = (last: string) => {
      open(false);
      say(last);
    };
    return <SignInForm end={end} />;
  }
  if (!isOut)
    return said ? (
      <p class="inginious-notice" ref={paragraph} tabIndex={-1} onFocusOut={() => say("")}>
        {said}
      </p>
    ) : null;
  return (
    <div class="inginious-notice inginious-signed-out">
      <p {...(speaks ? { role: "status" } : {})}>
        <Icon name="timeout" /> {t.signedOut}
      </p>
      <button
        ref={button}
        type="button"
        class="inginious-button"
        aria-label={named(t.signIn, synced.task?.name, language)}
        onClick={signIn ?? (() => open(true))}
      >
        {t.signIn}
      </button>
    </div>
  );
}
