// What stands beneath a cell that is an answer: the line of its result, also while it waits; what was
// saved with the notebook where this person has none.
import type { ICellModel } from "@jupyterlab/cells";
import type { ComponentChildren } from "preact";
import { AnswerPanel } from "../../components/AnswerPanel.tsx";
import { AppContext, useApp } from "../../components/context.ts";
import { resultLine } from "../../components/lines.ts";
import { Notices } from "../../components/Notices.tsx";
import { ResultLine } from "../../components/ResultLine.tsx";
import { SubmitButton } from "../../components/SubmitBar.tsx";
import { useStore } from "../../state/store.ts";
import type { LabLanguage } from "../language.ts";
import type { NotebookAnswers } from "../notebook_answers.ts";
import { savedSummary } from "../saved_summary.ts";

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
  return (
    <AppContext.Provider key={problemId} value={{ ...view, problemId, cellWithDetails }}>
      <OwnOrSaved cell={cell} language={language} />
    </AppContext.Provider>
  );
}

function OwnOrSaved(props: Omit<Props, "answers">) {
  const { history, submission } = useApp().synced;
  const isOnlySaved = !history.length && !submission && savedSummary(props.cell);
  if (!isOnlySaved) return <AnswerPanel />;
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

interface SavedProps extends Omit<Props, "answers"> {
  children?: ComponentChildren;
}

function Saved({ cell, language, children }: SavedProps) {
  const summary = savedSummary(cell);
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
