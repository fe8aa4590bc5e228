// What becomes of lines of an answer that only IPython runs, such as %time or !ls: the grader cannot
// run them, so they are refused until the person decides.
import { useId } from "preact/hooks";
import { ownValue } from "../own_value.ts";
import type { LocalState } from "../state/local.ts";
import { useApp } from "./context.ts";
import { useStatementWords } from "./statement_words.ts";

export function MagicsChoice({ problemId }: { problemId: string }) {
  const { controller, local, language } = useApp();
  const words = useStatementWords();
  const { t } = language;
  const id = useId();
  if (!ownValue(local.preview, problemId)?.has_magics) return null;
  const choices: [LocalState["magics"], string][] = [
    ["", words.magicsRefuse],
    ["skip", words.magicsSkip],
    ["send", words.magicsSend],
  ];
  return (
    <p class="inginious-picker">
      <label for={id} class="inginious-muted">
        {t.magics}
      </label>
      <select
        id={id}
        value={local.magics}
        onChange={(event) =>
          controller.chooseMagics(event.currentTarget.value as LocalState["magics"])
        }
      >
        {choices.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </p>
  );
}
