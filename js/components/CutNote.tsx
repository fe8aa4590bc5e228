// Beneath a text of which the kernel sent only the beginning: how long it is, and all of it.
import type { TextPart } from "../protocol/task.ts";
import { useApp } from "./context.ts";
import { saveReply } from "./download.ts";

interface Props {
  part: Pick<TextPart, "size_bytes" | "cut">;
  submission: string;
  /** Which text to ask for when all of it is wanted, such as "feedback" or "problem:ID". */
  what: string;
}

export function CutNote({ part, submission, what }: Props) {
  const { t, say, size } = useApp().language;
  if (!part.cut) return null;
  return (
    <p class="inginious-muted">
      {say(t.cut, { size: size(part.size_bytes) })}{" "}
      <DownloadAll submission={submission} what={what} />
    </p>
  );
}

export function DownloadAll({ submission, what }: Omit<Props, "part">) {
  const { controller, local, language } = useApp();
  return (
    <button
      type="button"
      class="inginious-link"
      aria-disabled={local.disconnected}
      onClick={() => void saveReply(controller, "output", { submission, what })}
    >
      {language.t.downloadAll}
    </button>
  );
}
