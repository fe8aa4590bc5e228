// What a grader may send beside the feedback: values of its own, an archive, its output.
import type { ResultInfo, TextPart } from "../protocol/task.ts";
import { CutNote } from "./CutNote.tsx";
import { useApp } from "./context.ts";
import { saveReply } from "./download.ts";
import { Fold } from "./Fold.tsx";
import { Icon } from "./icons.tsx";
import { RecordAsTest } from "./RecordAsTest.tsx";
import { Values } from "./Values.tsx";

export function Extras({ result }: { result: ResultInfo }) {
  const { controller, local, language } = useApp();
  const { t, say, size } = language;
  const { submission } = result;
  return (
    <>
      {result.custom && (
        <Fold title={t.custom}>
          <Values json={result.custom.text} />
          <CutNote part={result.custom} submission={submission} what="custom" />
        </Fold>
      )}
      <Output title={t.stdout} part={result.stdout} submission={submission} what="stdout" />
      <Output title={t.stderr} part={result.stderr} submission={submission} what="stderr" />
      {result.archive_bytes !== null && (
        <button
          type="button"
          class="inginious-link"
          aria-disabled={local.disconnected}
          onClick={() => void saveReply(controller, "archive", { submission })}
        >
          <Icon name="download" /> {say(t.downloadArchive, { size: size(result.archive_bytes) })}
        </button>
      )}
      <RecordAsTest key={submission} result={result} />
    </>
  );
}

interface OutputProps {
  title: string;
  part: TextPart | null;
  submission: string;
  what: string;
}

function Output({ title, part, submission, what }: OutputProps) {
  if (!part?.text) return null;
  return (
    <Fold title={title}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling area must be reachable by keyboard. */}
      <pre tabIndex={0}>{part.text}</pre>
      <CutNote part={part} submission={submission} what={what} />
    </Fold>
  );
}
