// A feedback text. A long one is folded, a huge one is cut by the kernel and offered as a download.
import { useEffect, useState } from "preact/hooks";
import type { HtmlPart } from "../protocol/task.ts";
import { CutNote } from "./CutNote.tsx";
import { useLanguage } from "./context.ts";
import { SafeHtml } from "./SafeHtml.tsx";

const FOLD_ABOVE_CHARACTERS = 20_000;
/** So much takes a browser longer to read than a person should wait for the rest of the result. */
const LATER_ABOVE_CHARACTERS = 200_000;

interface Props {
  feedback: HtmlPart;
  submission: string;
  /** Which text to ask for when all of it is wanted: "feedback" or "problem:ID". */
  what: string;
}

export function Feedback({ feedback, submission, what }: Props) {
  const { t } = useLanguage();
  const [unfolded, setUnfolded] = useState(false);
  const ready = useAfterPaint(feedback.html.length > LATER_ABOVE_CHARACTERS);
  if (!feedback.html) return null;
  const long = feedback.html.length > FOLD_ABOVE_CHARACTERS;
  return (
    <div class="inginious-feedback">
      <div class={long ? (unfolded ? "inginious-unfolded" : "inginious-folded") : ""}>
        {ready ? <SafeHtml html={feedback.html} /> : <div class="inginious-later" />}
      </div>
      {long && (
        <button type="button" class="inginious-link" onClick={() => setUnfolded(!unfolded)}>
          {unfolded ? t.showLess : t.showMore}
        </button>
      )}
      <CutNote part={feedback} submission={submission} what={what} />
    </div>
  );
}

/** True at once, or, if it is to wait, after what is there already has been painted. */
function useAfterPaint(wait: boolean): boolean {
  const [painted, setPainted] = useState(false);
  useEffect(() => {
    if (!wait || painted) return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const frame = requestAnimationFrame(() => {
      timer = setTimeout(() => setPainted(true));
    });
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  }, [wait, painted]);
  return painted || !wait;
}
