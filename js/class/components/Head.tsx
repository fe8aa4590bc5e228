// What is being graded, how far it is, and what can be done about it.
import { useState } from "preact/hooks";
import type { ClassCell } from "../../protocol/class_view.ts";
import { useClass } from "./context.ts";
import { Reading } from "./Reading.tsx";

const MAX_WAITING = 12;

export function Head() {
  const { view, state, eye, language } = useClass();
  const { c, say } = language;
  const cells = [...state.cells.values()];
  const running = cells.filter((cell) => cell.state === "running");
  const waiting = cells.filter((cell) => cell.state === "waiting");
  const done = cells.length - running.length - waiting.length;
  const busy = state.busy || running.length + waiting.length > 0;
  const counts = [
    say(c.done, { n: done, all: cells.length }),
    running.length ? say(c.running, { n: running.length }) : "",
    waiting.length ? say(c.waiting, { n: waiting.length }) : "",
  ].filter(Boolean);
  return (
    <header class="inginious-class-head">
      <h2>{say(c.title, { name: state.title })}</h2>
      <p class="inginious-facts">
        <span>{say(c.students, { n: state.students })}</span>
        <span>{say(c.tasks, { n: state.tasks.length })}</span>
        <span>{state.sandbox}</span>
      </p>
      {state.error && (
        <p class="inginious-notice inginious-notice-error" role="alert">
          {state.error}
        </p>
      )}
      {state.warning && (
        <p class="inginious-notice inginious-notice-error" role="alert">
          {state.warning}
        </p>
      )}
      <p class="inginious-class-progress">
        <progress max={cells.length || 1} value={done} aria-label={c.queue} />{" "}
        <span>{cells.length ? counts.join(" · ") : c.reading}</span>
      </p>
      <p class="inginious-announcer" role="status">
        {!busy && cells.length > 0 ? c.allDone : ""}
      </p>
      <div class="inginious-actions">
        {busy ? (
          <button
            type="button"
            class="inginious-button"
            onClick={() => void view.ask("stop", { student: null, task: null })}
          >
            {c.stop}
          </button>
        ) : (
          <GradeButtons count={cells.filter((cell) => cell.code).length} />
        )}
        <button type="button" class="inginious-button" onClick={() => void save()}>
          {c.export}
        </button>
        <label class="inginious-switch">
          <input
            type="checkbox"
            checked={eye.names !== null}
            onChange={(event) => void view.showNames(event.currentTarget.checked)}
          />{" "}
          {c.showNames}
        </label>
        <label class="inginious-switch">
          <input
            type="checkbox"
            checked={eye.projector}
            onChange={(event) => view.eye.update({ projector: event.currentTarget.checked })}
          />{" "}
          {c.projector}
        </label>
      </div>
      <Reading />
      {busy && cells.length > 0 && <Queue running={running} waiting={waiting} />}
    </header>
  );

  async function save(): Promise<void> {
    const reply = await view.ask("export", {});
    if (!reply) return;
    // A spreadsheet takes it for UTF-8 by the mark at its beginning.
    const url = URL.createObjectURL(new Blob(["\ufeff", reply.text], { type: "text/csv" }));
    const link = Object.assign(document.createElement("a"), { href: url });
    link.download = reply.filename;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 0); // the browser has it once the click was handled
  }
}

/** All again only after a second click: it may take long. */
function GradeButtons({ count }: { count: number }) {
  const { view, language } = useClass();
  const { c, say } = language;
  const [asked, setAsked] = useState(false);
  if (asked) {
    return (
      <span class="inginious-ask">
        <span>{say(c.regradeAsk, { n: count })}</span>
        <button
          type="button"
          ref={(button) => button?.focus()}
          class="inginious-button inginious-primary"
          onClick={() => {
            setAsked(false);
            void view.ask("grade", { regrade: true });
          }}
        >
          {c.yes}
        </button>
        <button type="button" class="inginious-button" onClick={() => setAsked(false)}>
          {c.no}
        </button>
      </span>
    );
  }
  return (
    <>
      <button
        type="button"
        class="inginious-button inginious-primary"
        title={c.gradeHelp}
        onClick={() => void view.ask("grade", { regrade: false })}
      >
        {c.grade}
      </button>
      <button type="button" class="inginious-button" onClick={() => setAsked(true)}>
        {c.regradeAll}
      </button>
    </>
  );
}

function Queue({ running, waiting }: { running: ClassCell[]; waiting: ClassCell[] }) {
  const { view, state, language, who } = useClass();
  const { c, say } = language;
  const names = new Map(state.tasks.map(({ ref, name }) => [ref, name]));
  const rows = [...running, ...waiting.slice(0, MAX_WAITING)];
  return (
    <details class="inginious-fold inginious-class-queue">
      <summary>{c.queue}</summary>
      <ul>
        {rows.map((cell) => {
          const what = `${who(cell.student)}, ${names.get(cell.task) ?? cell.task}`;
          return (
            <li key={`${cell.student} ${cell.task}`}>
              <span class={cell.state === "running" ? "" : "inginious-muted"}>
                {what} · {cell.state === "running" ? c.states.running : c.states.waiting}
              </span>{" "}
              <button
                type="button"
                class="inginious-link"
                aria-label={say(c.stopOne, { what })}
                onClick={() => {
                  void view.ask("stop", { student: cell.student, task: cell.task });
                }}
              >
                {c.stop}
              </button>
            </li>
          );
        })}
        {waiting.length > MAX_WAITING && (
          <li class="inginious-muted">{say(c.andMore, { n: waiting.length - MAX_WAITING })}</li>
        )}
      </ul>
    </details>
  );
}
