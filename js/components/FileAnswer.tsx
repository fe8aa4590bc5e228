// A file to hand in: dropped, chosen, or named on the kernel's disk. Name and size are checked
// here for a quick answer, and again by Python, which decides.
import { useId, useRef, useState } from "preact/hooks";
import { ownValue } from "../own_value.ts";
import { isFileEntry } from "../state/local.ts";
import { CellLink } from "./CellLink.tsx";
import { useApp } from "./context.ts";
import { named } from "./named.ts";
import type { AnswerProps } from "./Problem.tsx";
import { useStatementWords } from "./statement_words.ts";

export function FileAnswer({ problem, labelId }: AnswerProps) {
  const { controller, local, language } = useApp();
  const words = useStatementWords();
  const { t, say, size } = language;
  const input = useRef<HTMLInputElement>(null);
  const choose = useRef<HTMLButtonElement>(null);
  const pathId = useId();
  const [path, setPath] = useState("");
  const [over, setOver] = useState(false);
  const entry = ownValue(local.entries, problem.id);
  const chosen = isFileEntry(entry) ? entry : null;
  const bytes =
    chosen && "file" in chosen
      ? chosen.file.size
      : ownValue(local.preview, problem.id)?.file?.size_bytes;
  const name = chosen ? ("file" in chosen ? chosen.file.name : chosen.path) : "";
  const limit = problem.max_size_bytes;
  const extensions = problem.allowed_exts;

  const objection = (file: File): string | null => {
    if (extensions.length && !extensions.some((ext) => file.name.endsWith(ext))) {
      return say(words.fileWrongType, { name: file.name, exts: extensions.join(", ") });
    }
    if (limit !== null && file.size > limit) {
      return say(words.fileTooLarge, {
        name: file.name,
        size: size(file.size),
        limit: size(limit),
      });
    }
    return null;
  };
  const take = (file: File | undefined) => {
    if (!file) return;
    const text = objection(file);
    if (text) controller.local.update({ notice: { text, problemId: problem.id } });
    else controller.enter(problem.id, { file });
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is one more way; the buttons do the same.
    <div
      class={`inginious-file ${over ? "inginious-file-over" : ""}`}
      onDragOver={(event) => {
        event.preventDefault();
        event.stopPropagation();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        event.stopPropagation(); // the notebook would take the file as a cell
        setOver(false);
        take(event.dataTransfer?.files[0]);
      }}
    >
      <CellLink problem={problem} />
      {chosen ? (
        <p class="inginious-file-chosen">
          <span class="inginious-code">{name}</span>
          {bytes !== undefined && ` (${size(bytes)})`}
        </p>
      ) : (
        <span class="inginious-muted">{words.dropFile} </span>
      )}
      <button
        ref={choose}
        type="button"
        class="inginious-button"
        onClick={() => input.current?.click()}
      >
        {chosen ? words.replaceFile : words.chooseFile}
      </button>{" "}
      {chosen && (
        <button
          type="button"
          class="inginious-button"
          aria-label={named(words.removeFile, name, language)}
          onClick={() => {
            controller.remove(problem.id);
            choose.current?.focus(); // this button goes
          }}
        >
          {words.removeFile}
        </button>
      )}
      <input
        ref={input}
        type="file"
        class="inginious-hidden-input"
        tabIndex={-1}
        aria-labelledby={labelId}
        accept={extensions.join(",")}
        onChange={(event) => {
          take(event.currentTarget.files?.[0]);
          event.currentTarget.value = "";
        }}
      />
      <p class="inginious-path">
        <label for={pathId} class="inginious-muted">
          {t.kernelPath}
        </label>
        <input
          id={pathId}
          type="text"
          class="inginious-input"
          value={path}
          onInput={(event) => setPath(event.currentTarget.value)}
          onKeyDown={(event) => event.stopPropagation()}
        />
        <button
          type="button"
          class="inginious-button"
          aria-disabled={!path.trim()}
          onClick={() => path.trim() && controller.enter(problem.id, { path: path.trim() })}
        >
          {words.usePath}
        </button>
      </p>
      <p class="inginious-muted inginious-hint">
        {say(words.fileRules, {
          exts: extensions.join(" "),
          size: limit === null ? "∞" : size(limit),
        })}
      </p>
    </div>
  );
}
