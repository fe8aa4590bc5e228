// One problem: its statement, the control that answers it, and its own feedback beside it.
import { useId } from "preact/hooks";
import { ownValue } from "../own_value.ts";
import type { ProblemInfo } from "../protocol/task.ts";
import { CellAnswer } from "./CellAnswer.tsx";
import { CellLink } from "./CellLink.tsx";
import { ChoiceAnswer } from "./ChoiceAnswer.tsx";
import { useApp } from "./context.ts";
import { FileAnswer } from "./FileAnswer.tsx";
import { MagicsChoice } from "./MagicsChoice.tsx";
import { ProblemFeedback } from "./ProblemFeedback.tsx";
import { SafeHtml } from "./SafeHtml.tsx";
import { useStatementWords } from "./statement_words.ts";
import { TextAnswer } from "./TextAnswer.tsx";

interface Props {
  problem: ProblemInfo;
  number: number;
  count: number;
}

export interface AnswerProps {
  problem: ProblemInfo;
  labelId: string;
}

export function Problem({ problem, number, count }: Props) {
  const { language, local, synced } = useApp();
  const words = useStatementWords();
  const { t } = language;
  const labelId = useId();
  const refused =
    local.notice?.problemId === problem.id ||
    (synced.submission?.phase === "refused" && synced.submission.error_problem === problem.id);
  // What would be refused, said before it is sent.
  const objection = refused ? null : ownValue(local.preview, problem.id)?.error;
  const title = problem.name || (count > 1 ? language.say(t.problem, { number }) : words.editor);
  return (
    <fieldset
      class={`inginious-problem ${refused ? "inginious-problem-refused" : ""}`}
      aria-labelledby={labelId}
    >
      <h3 id={labelId}>
        {title} {problem.optional && <span class="inginious-muted">({t.optional})</span>}
      </h3>
      <SafeHtml html={problem.header_html} />
      <AnswerControl problem={problem} labelId={labelId} />
      {objection && <p class="inginious-warning">{objection}</p>}
      <MagicsChoice problemId={problem.id} />
      <ProblemFeedback problemId={problem.id} result={synced.result} />
    </fieldset>
  );
}

export function AnswerControl(props: AnswerProps) {
  switch (props.problem.type) {
    case "code":
    case "code_single_line":
      return <CellAnswer {...props} />;
    case "multiple_choice":
      return <ChoiceAnswer {...props} />;
    case "match":
      return (
        <>
          <TextAnswer {...props} lines={1} />
          <CellLink problem={props.problem} />
        </>
      );
    case "file":
      return <FileAnswer {...props} />;
  }
}
