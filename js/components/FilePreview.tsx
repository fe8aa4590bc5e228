// A file that is about to be handed in: its name, size and type, and how it begins if it is text.
import { useEffect, useState } from "preact/hooks";
import { ownValue } from "../own_value.ts";
import type { FileInfo } from "../protocol/task.ts";
import { isFileEntry } from "../state/local.ts";
import { useApp } from "./context.ts";

const SHOWN_LINES = 8;
const SHOWN_BYTES = 2_000;

interface Props {
  problemId: string;
  name: string;
  info: FileInfo;
}

export function FilePreview({ problemId, name, info }: Props) {
  const { local, language } = useApp();
  const entry = ownValue(local.entries, problemId);
  // The kernel has not seen a file that was chosen here.
  const file = isFileEntry(entry) && "file" in entry ? entry.file : null;
  const read = useBeginning(file);
  const beginning = (file ? read : info.beginning).split("\n");
  const type = file?.type || info.media_type;
  const facts = [language.size(file?.size ?? info.size_bytes), type].filter((fact) => fact);
  return (
    <>
      <p>
        <span class="inginious-code">{name || file?.name}</span>{" "}
        <span class="inginious-muted">{facts.join(" · ")}</span>
      </p>
      {beginning.join("").trim() && (
        <pre>
          {beginning.slice(0, SHOWN_LINES).join("\n")}
          {beginning.length > SHOWN_LINES && "\n…"}
        </pre>
      )}
    </>
  );
}

/** How a file of this machine begins; empty until it was read, and where it is no text. */
function useBeginning(file: File | null): string {
  const [beginning, setBeginning] = useState("");
  useEffect(() => {
    let current = true;
    setBeginning("");
    void file
      ?.slice(0, SHOWN_BYTES)
      .arrayBuffer()
      .then((bytes) => current && setBeginning(textOf(bytes)))
      .catch(() => {}); // it was moved since; sending it will say so
    return () => {
      current = false;
    };
  }, [file]);
  return beginning;
}

function textOf(bytes: ArrayBuffer): string {
  try {
    // The last character may be incomplete.
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return text.includes("\0") ? "" : text;
  } catch {
    return "";
  }
}
