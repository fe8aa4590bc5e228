// Keeps a submission as a recorded test of its task: for who may change the course.
import { useState } from "preact/hooks";
import type { ResultInfo } from "../protocol.ts";
import { useApp } from "./context.ts";

export function RecordAsTest({ result }: { result: ResultInfo }) {
  const { controller, synced, local, language } = useApp();
  const [file, setFile] = useState("");
  const { t, say } = language;
  if (!synced.task?.can_record || result.grade === null) return null;
  const record = async () => {
    const answer = await controller.ask("record", { submission: result.submission });
    if (answer) setFile(answer.value.file);
  };
  return (
    <p class="inginious-muted" role="status">
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
