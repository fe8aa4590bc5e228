// A feedback text. A long one is folded, a huge one is cut by the kernel and offered as a download.
import { useState } from "preact/hooks";
import type { SafeHtml as SafeHtmlPart } from "../protocol.ts";
import { useApp } from "./context.ts";
import { saveReply } from "./download.ts";
import { SafeHtml } from "./SafeHtml.tsx";

const FOLD_ABOVE_CHARACTERS = 20_000;

interface Props {
  feedback: SafeHtmlPart;
  submission: string;
  /** Which text to ask for when all of it is wanted: "feedback" or "problem:ID". */
  what: string;
}

export function Feedback({ feedback, submission, what }: Props) {
  const { controller, language } = useApp();
  const { t, size } = language;
  const [unfolded, setUnfolded] = useState(false);
  if (!feedback.html) return null;
  const long = feedback.html.length > FOLD_ABOVE_CHARACTERS;
  return (
    <div class="inginious-feedback">
      <div class={long ? (unfolded ? "inginious-unfolded" : "inginious-folded") : ""}>
        <SafeHtml html={feedback.html} />
      </div>
      {long && (
        <button type="button" class="inginious-link" onClick={() => setUnfolded(!unfolded)}>
          {unfolded ? t.showLess : t.showMore}
        </button>
      )}
      {feedback.cut && (
        <p class="inginious-muted">
          {t.cut(size(feedback.size_bytes))}{" "}
          <button
            type="button"
            class="inginious-link"
            onClick={() => void saveReply(controller, "output", { submission, what })}
          >
            {t.downloadAll}
          </button>
        </p>
      )}
    </div>
  );
}
