// How to enter the shell that was opened for a submission in ssh debug mode. The key to it is
// fetched when somebody wants to see it, and is kept nowhere.
import { useEffect, useRef, useState } from "preact/hooks";
import { useApp } from "./context.ts";
import { useStatementWords } from "./statement_words.ts";

interface Access {
  command: string;
  password: string;
}

export function Shell() {
  const { synced, local, controller } = useApp();
  const words = useStatementWords();
  const { submission } = synced;
  const section = useRef<HTMLElement>(null);
  const reveals = useRef(false);
  const id = submission?.has_ssh ? submission.id : null;
  const [revealed, setRevealed] = useState<{ id: string; access: Access } | null>(null);
  useEffect(() => setRevealed(null), [id]); // forgotten with its submission
  const access = revealed?.id === id ? revealed?.access : null; // it may come after that
  useEffect(() => {
    // In the place of the button that was pressed.
    if (access && reveals.current) section.current?.querySelector("button")?.focus();
    reveals.current = false;
  }, [access]);
  if (!id) return null;
  const reveal = async () => {
    const answer = await controller.ask("ssh", { submission: id });
    reveals.current = section.current?.contains(document.activeElement) ?? false;
    if (answer) setRevealed({ id, access: answer.value });
  };
  return (
    <section ref={section} class="inginious-shell" aria-label={words.ssh}>
      <h4>{words.ssh}</h4>
      {access ? (
        <>
          <Copyable text={access.command} />
          <Copyable text={access.password} />
        </>
      ) : (
        <button
          type="button"
          class="inginious-button"
          aria-disabled={local.disconnected}
          onClick={() => void reveal()}
        >
          {words.sshReveal}
        </button>
      )}
    </section>
  );
}

function Copyable({ text }: { text: string }) {
  const words = useStatementWords();
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
  };
  return (
    <p>
      <code>{text}</code>{" "}
      {/* A site without https has no clipboard; the text can still be selected. */}
      {navigator.clipboard && (
        <button type="button" class="inginious-button" onClick={() => void copy()}>
          {copied ? words.copied : words.copy}
        </button>
      )}
    </p>
  );
}
