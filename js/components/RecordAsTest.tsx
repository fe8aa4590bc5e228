// Keeps a submission as a recorded test of its task: for who may change the course.
import { useEffect, useRef, useState } from "preact/hooks";
import type { ResultInfo } from "../protocol/task.ts";
import { useApp } from "./context.ts";

export function RecordAsTest({ result }: { result: ResultInfo }) {
  const { controller, synced, local, language } = useApp();
  const [file, setFile] = useState("");
  const text = useRef<HTMLParagraphElement>(null);
  const { t, say } = language;
  // In the place of the button that had it, and so read out.
  useEffect(() => {
    if (file) text.current?.focus();
  }, [file]);
  if (!synced.task?.can_record || result.grade === null) return null;
  const record = async () => {
    const answer = await controller.ask("record", { submission: result.submission });
    if (answer) setFile(answer.value.file);
  };
  return (
    <p class="inginious-muted" ref={text} tabIndex={-1}>
      {file ? (
        say(t.recorded, { file })
      ) : (
        <button
          type="button"
          class="inginious-link"
          aria-disabled={local.disconnected}
          onClick={() => void record()}
        >
          {t.record}
        </button>
      )}
    </p>
  );
}
