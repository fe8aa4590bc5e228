// The cell that gives an answer, with a way to it, and the mark of an answer that changed.

import { ownValue } from "../own_value.ts";
import type { ProblemInfo } from "../protocol/task.ts";
import { ByWidth } from "./ByWidth.tsx";
import { useApp } from "./context.ts";
import { Icon } from "./icons.tsx";

export function CellLink({ problem }: { problem: ProblemInfo }) {
  const { controller, local, language } = useApp();
  const preview = ownValue(local.preview, problem.id);
  const cell = preview?.cell_ids[0];
  if (!preview) return null;
  if (cell === undefined && preview.kind !== "captured" && preview.kind !== "notebook-file") {
    return <ChangedMark problemId={problem.id} />;
  }
  const { notebook } = controller;
  return (
    <p class="inginious-cell-link">
      <span class="inginious-muted">{language.t.answeredBy}</span>{" "}
      {notebook && cell !== undefined ? (
        <button
          type="button"
          class="inginious-link"
          title={language.t.goToCell}
          onClick={(event) => void notebook.reveal(cell, event.currentTarget)}
        >
          <span class="inginious-code">{preview.label}</span> <Icon name="jump" />
        </button>
      ) : (
        <span class="inginious-code">{preview.label}</span>
      )}{" "}
      <ChangedMark problemId={problem.id} />
    </p>
  );
}

export function ChangedMark({ problemId }: { problemId: string }) {
  const { local, language } = useApp();
  if (!ownValue(local.preview, problemId)?.changed) return null;
  const { t } = language;
  return (
    <span class="inginious-changed" title={t.changed}>
      <Icon name="changed" /> <ByWidth wide={t.changed} narrow={t.changedShort} />
    </span>
  );
}
