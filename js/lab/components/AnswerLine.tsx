// What stands beneath a cell that is an answer: the line of its result, also while it waits; what was
// saved with the notebook where this person has none.
import type { ICellModel } from "@jupyterlab/cells";
import { AnswerPanel } from "../../components/AnswerPanel.tsx";
import { AppContext, useApp } from "../../components/context.ts";
import { resultLine } from "../../components/lines.ts";
import { ResultLine } from "../../components/ResultLine.tsx";
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
  return (
    <AppContext.Provider key={problemId} value={{ ...view, problemId }}>
      <SavedUnlessSubmitted cell={cell} language={language} />
      <AnswerPanel />
    </AppContext.Provider>
  );
}

function SavedUnlessSubmitted({ cell, language }: Omit<Props, "answers">) {
  const { synced } = useApp();
  return synced.history.length ? null : <Saved cell={cell} language={language} />;
}

function Saved({ cell, language }: Omit<Props, "answers">) {
  const summary = savedSummary(cell);
  if (!summary) return null;
  const { user, at } = summary;
  const when = at === null ? "" : language.dateTime(at);
  return (
    <section class="inginious inginious-slim" lang={language.code}>
      <ResultLine
        line={resultLine(summary, language)}
        language={language}
        extra={<> · {language.say(language.lab.savedResult, { user, when })}</>}
        details={null}
      />
    </section>
  );
}
