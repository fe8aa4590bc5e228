// An answer that a notebook cell gives: which cell, a way to it, whether it changed since it was
// submitted, and a picker that ties the problem to another cell by its tag, without the kernel.
import { useId } from "preact/hooks";
import { firstLine, isTagOf, tagReference } from "../notebook/answer_tags.ts";
import { candidates } from "../notebook/candidates.ts";
import { ownValue } from "../own_value.ts";
import type { ProblemInfo } from "../protocol/task.ts";
import type { CellInfo } from "../protocol/task_requests.ts";
import { CellLink } from "./CellLink.tsx";
import { useApp, useLanguage } from "./context.ts";
import type { AnswerProps } from "./Problem.tsx";
import { useStatementWords } from "./statement_words.ts";
import { TextAnswer } from "./TextAnswer.tsx";

export function CellAnswer(props: AnswerProps) {
  const { problem } = props;
  const { local, language, insertCell } = useApp();
  const preview = ownValue(local.preview, problem.id);
  const read = preview && preview.cell_ids.length > 0;
  return (
    <div class="inginious-cell-answer">
      <CellLink problem={problem} />
      <Picker problem={problem} />
      {!read && insertCell && (
        <p>
          <button type="button" class="inginious-button" onClick={() => void insertCell(problem)}>
            {language.t.insertCell}
          </button>
        </p>
      )}
      {!read && preview?.kind !== "captured" && preview?.kind !== "notebook-file" && (
        <TextAnswer {...props} lines={problem.type === "code" ? 4 : 1} />
      )}
    </div>
  );
}

function Picker({ problem }: { problem: ProblemInfo }) {
  const { controller, synced, local } = useApp();
  const words = useStatementWords();
  const id = useId();
  const { notebook } = controller;
  const { task } = synced;
  if (!notebook || !task) return null;
  const tied = ownValue(local.preview, problem.id)?.cell_ids[0] ?? "";
  const cells = candidates(notebook.cells(), task, problem, tied);
  const current = cells.filter(({ id: cellId }) => cellId === tied);
  const others = cells.filter(({ id: cellId }) => cellId !== tied);
  const pick = (cellId: string) => {
    notebook.tie(tagReference(task, problem.id), cellId || null, (tag) =>
      isTagOf(tag, task, problem.id),
    );
    controller.preview();
  };
  return (
    <p class="inginious-picker">
      <label for={id} class="inginious-muted">
        {words.chooseCell}
      </label>
      <select id={id} value={tied} onChange={(event) => pick(event.currentTarget.value)}>
        <Options cells={current} />
        <option value="">{words.ownEditor}</option>
        <Options cells={others} />
      </select>
    </p>
  );
}

/** Cells by what stands beside them in the notebook, and their first line. */
function Options({ cells }: { cells: CellInfo[] }) {
  const { say } = useLanguage();
  const words = useStatementWords();
  return cells.map(({ id, cell_type, source, execution_count: count }) => {
    const line = firstLine(source) || words.emptyCell;
    return (
      <option key={id} value={id}>
        {cell_type === "markdown"
          ? say(words.textCellLabel, { line })
          : say(words.cellLabel, { number: `[${count ?? " "}]`, line })}
      </option>
    );
  });
}
