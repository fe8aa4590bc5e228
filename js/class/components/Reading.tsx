// Which tasks of the notebooks are graded, and where the names of the students stand.
import { useEffect, useId, useState } from "preact/hooks";
import type { ClassReading } from "../../protocol/class_view.ts";
import type { ClassLanguage } from "../language.ts";
import { useClass } from "./context.ts";

/** How the class on the screen is read, folded away. */
export function Reading() {
  const { view, state, language } = useClass();
  const { reading } = state;
  const { c } = language;
  const isSaid = reading.tasks.length > 0 || reading.student_from !== "";
  return (
    <details class="inginious-fold">
      <summary>
        {c.howRead}
        {isSaid && (
          <span class="inginious-muted">
            {" "}
            {[...reading.tasks, reading.student_from].filter(Boolean).join(" · ")}
          </span>
        )}
      </summary>
      <ReadingForm
        reading={reading}
        language={language}
        label={c.read}
        onRead={(wanted) => void view.ask("read", wanted)}
      />
    </details>
  );
}

interface Props {
  reading: ClassReading;
  language: ClassLanguage;
  /** What the button says. */
  label: string;
  onRead: (wanted: ClassReading) => void;
}

export function ReadingForm({ reading, language, label, onRead }: Props) {
  const { c } = language;
  const known = reading.tasks.join(" ");
  const [tasks, setTasks] = useState(known);
  const [from, setFrom] = useState(reading.student_from);
  useEffect(() => {
    setTasks(known); // another page may have it read in another way
    setFrom(reading.student_from);
  }, [known, reading.student_from]);
  const read = (event: Event) => {
    event.preventDefault();
    onRead({ tasks: tasks.split(/[\s,;]+/).filter(Boolean), student_from: from.trim() });
  };
  return (
    <form class="inginious-reading" onSubmit={read}>
      <Field label={c.readTasks} example="python1/double" value={tasks} onValue={setTasks} />
      <Field label={c.readNames} example="hw1_{student}.ipynb" value={from} onValue={setFrom} />
      <p class="inginious-muted">{c.readHelp}</p>
      <button type="submit" class="inginious-button">
        {label}
      </button>
    </form>
  );
}

interface FieldProps {
  label: string;
  example: string;
  value: string;
  onValue: (value: string) => void;
}

function Field({ label, example, value, onValue }: FieldProps) {
  const id = useId();
  return (
    <>
      <label for={id}>{label}</label>
      <input
        id={id}
        class="inginious-input"
        type="text"
        placeholder={example}
        autocomplete="off"
        spellcheck={false}
        value={value}
        onInput={(event) => onValue(event.currentTarget.value)}
      />
    </>
  );
}
