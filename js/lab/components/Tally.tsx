// What the notebook's toolbar has: the button that submits every task, and how many of them have passed.
// They are items of their own, since a toolbar that is narrow keeps only those that come first.
import { useEffect } from "preact/hooks";
import type { WidgetState } from "../../protocol/task.ts";
import { isActive } from "../../state/controller.ts";
import { useRenderAgain, useStore } from "../../state/store.ts";
import { inginiousIcon } from "../icon.ts";
import type { LabLanguage } from "../language.ts";
import type { NotebookAnswers } from "../notebook_answers.ts";

interface Props {
  answers: NotebookAnswers;
  language: LabLanguage;
}

export function SubmitAll({
  answers,
  language: { lab },
  submitAll,
}: Props & { submitAll: () => void }) {
  const states = useStates(answers);
  if (!states.length) return null;
  const busy = states.every(({ submission }) => isActive(submission));
  return (
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
  );
}

export function Tally({ answers, language: { lab, say } }: Props) {
  const states = useStates(answers);
  if (!states.some(({ result }) => result)) return null;
  const n = states.filter(({ result }) => result?.code === "success").length;
  const all = states.length;
  const text = say(lab.tallyHere, { n, all });
  return (
    <span class="inginious-tally-count" role="status" title={text}>
      <span class="inginious-announcer">{text}</span>
      <span aria-hidden="true">
        {n}/{all}
      </span>
    </span>
  );
}

/** The states of the tasks that a notebook answers. */
function useStates(answers: NotebookAnswers): WidgetState[] {
  const views = useStore(answers.views);
  const renderAgain = useRenderAgain();
  useEffect(() => {
    const ends = [...views.values()].map(({ controller }) =>
      controller.synced.subscribe(renderAgain),
    );
    return () => {
      for (const end of ends) end();
    };
  }, [views, renderAgain]);
  return [...views.values()].map(({ controller }) => controller.synced.get());
}

function drawIcon(container: HTMLElement | null): void {
  if (container) inginiousIcon.element({ container, stylesheet: "toolbarButton" });
}
