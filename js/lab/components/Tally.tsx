// The button of the notebook's toolbar that submits every task of it, with how many have passed.
import { useEffect, useState } from "preact/hooks";
import { isActive } from "../../state/controller.ts";
import { useStore } from "../../state/store.ts";
import { inginiousIcon } from "../icon.ts";
import type { LabLanguage } from "../language.ts";
import type { NotebookAnswers } from "../notebook_answers.ts";

interface Props {
  answers: NotebookAnswers;
  language: LabLanguage;
  submitAll: () => void;
}

function drawIcon(container: HTMLElement | null): void {
  if (container) inginiousIcon.element({ container, stylesheet: "toolbarButton" });
}

export function Tally({ answers, language, submitAll }: Props) {
  const views = [...useStore(answers.views).values()];
  const [, renderAgain] = useState(0);
  useEffect(() => {
    const ends = views.map(({ controller }) =>
      controller.synced.subscribe(() => renderAgain((count) => count + 1)),
    );
    return () => {
      for (const end of ends) end();
    };
  }, [answers.views.get()]);
  if (!views.length) return null;
  const { lab, say } = language;
  const states = views.map(({ controller }) => controller.synced.get());
  const passed = states.filter(({ result }) => result?.code === "success").length;
  const busy = states.every(({ submission }) => isActive(submission));
  const decided = states.some(({ result }) => result);
  return (
    <span class="inginious-tally">
      <button
        type="button"
        class="jp-ToolbarButtonComponent inginious-submit-all"
        title={lab.submitAllCaption}
        aria-disabled={busy}
        onClick={() => !busy && submitAll()}
      >
        <span ref={drawIcon} />
        {lab.submitAll}
      </button>
      {decided && (
        <span class="inginious-tally-count" role="status">
          {say(lab.tallyHere, { n: passed, all: states.length })}
        </span>
      )}
    </span>
  );
}
