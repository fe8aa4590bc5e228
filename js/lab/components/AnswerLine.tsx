// What stands beneath a cell that is an answer: the line of its result, also while it waits; what was
// saved with the notebook where this person has none.
import type { ICellModel } from "@jupyterlab/cells";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { AnswerPanel } from "../../components/AnswerPanel.tsx";
import { AppContext, useApp } from "../../components/context.ts";
import { resultLine } from "../../components/lines.ts";
import { Notices } from "../../components/Notices.tsx";
import { ResultLine } from "../../components/ResultLine.tsx";
import { SubmitButton } from "../../components/SubmitBar.tsx";
import { useRenderAgain, useStore } from "../../state/store.ts";
import type { LabLanguage } from "../language.ts";
import type { NotebookAnswers } from "../notebook_answers.ts";
import { type SavedSummary, savedSummary } from "../saved_summary.ts";

interface Props {
  answers: NotebookAnswers;
  cell: ICellModel;
  language: LabLanguage;
}

export function AnswerLine({ answers, cell, language }: Props) {
  useStore(answers.cells);
  useStore(answers.views);
  const found = answers.find(cell.id);
  if (!found) return <Saved cell={cell} language={language} />;
  const { view, problemId } = found;
  const { task } = view.controller.synced.get();
  const cellWithDetails = () => (task ? answers.notebook.cellThatSubmits(task.ref) : null);
  const hasView = (id: string) =>
    answers.cells.get().some(({ task: ref, problem_id }) => ref === task?.ref && problem_id === id);
  return (
    <AppContext.Provider key={problemId} value={{ ...view, problemId, cellWithDetails, hasView }}>
      <OwnOrSaved cell={cell} language={language} />
    </AppContext.Provider>
  );
}

/** What is newest: of this person, or what another one kept with the notebook. */
function OwnOrSaved(props: Omit<Props, "answers">) {
  const { history, submission, result } = useApp().synced;
  const saved = useSaved(props.cell);
  const isKnown = history.some(({ id }) => id === saved?.submission);
  const ownAt = Math.max(result?.at ?? 0, history[0]?.submitted_at ?? 0);
  const isOpen = submission !== null && submission.phase !== "done";
  const isNewer = !history.length || (saved?.at ?? 0) > ownAt;
  if (!saved || isKnown || isOpen || !isNewer) return <AnswerPanel />;
  return (
    <>
      <Saved {...props}>
        <SubmitButton />
      </Saved>
      <Refusal />
    </>
  );
}

/** Why nothing was sent. */
function Refusal() {
  const { local, language } = useApp();
  return (
    <div class="inginious inginious-slim" hidden={!local.notice} lang={language.code}>
      <Notices />
    </div>
  );
}

/** The account that the cell has, also when another person's page changes it. */
function useSaved(cell: ICellModel): SavedSummary | null {
  const renderAgain = useRenderAgain();
  useEffect(() => {
    cell.metadataChanged.connect(renderAgain);
    return () => void cell.metadataChanged.disconnect(renderAgain);
  }, [cell, renderAgain]);
  return savedSummary(cell);
}

interface SavedProps extends Omit<Props, "answers"> {
  children?: ComponentChildren;
}

function Saved({ cell, language, children }: SavedProps) {
  const summary = useSaved(cell);
  if (!summary) return null;
  const { user, at } = summary;
  const when = at === null ? "" : language.dateTime(at);
  return (
    <section class="inginious inginious-slim" lang={language.code}>
      <ResultLine
        line={resultLine(summary, language)}
        language={language}
        extra={language.say(language.lab.savedResult, { user, when })}
        details={null}
      >
        {children}
      </ResultLine>
    </section>
  );
}
