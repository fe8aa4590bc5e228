// Students and tasks. Only the rows in sight are in the page: a class may have hundreds. The cells
// are one stop of the Tab key; arrows go from one to the next.
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { ownValue } from "../../own_value.ts";
import type { ClassCell } from "../../protocol/class_view.ts";
import { cellKey } from "../class_view.ts";
import type { ClassLanguage } from "../language.ts";
import { useClass } from "./context.ts";
import { useEdges } from "./edges.ts";

const ROW_PX = 34;
const LARGE_ROW_PX = 54;
const ROWS_IN_SIGHT = 14;
/** Half of the next one is in sight, too: a matrix that ends with a row looks whole. */
const HALF_A_ROW = 0.5;
const ROWS_AROUND = 6;
const ROWS_A_STEP = 4;

const STEPS: Readonly<Record<string, [rows: number, columns: number]>> = {
  ArrowDown: [1, 0],
  ArrowUp: [-1, 0],
  ArrowRight: [0, 1],
  ArrowLeft: [0, -1],
  PageDown: [ROWS_IN_SIGHT, 0],
  PageUp: [-ROWS_IN_SIGHT, 0],
};

export function Matrix() {
  const { view, state, eye, language, who } = useClass();
  const { c } = language;
  const scroller = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [active, setActive] = useState({ row: 0, column: 0 });
  const moves = useRef(false);
  const students = useMemo(() => {
    const all = Array.from({ length: state.students }, (_, index) => index + 1);
    const { names } = eye;
    if (!names) return all; // not by name, which would tell who is who
    const name = (student: number) => names[String(student)] ?? "";
    return all.sort((one, other) => name(one).localeCompare(name(other)));
  }, [state.students, eye.names]);
  const height = eye.projector ? LARGE_ROW_PX : ROW_PX;
  const first = Math.max(0, Math.floor(top / height) - ROWS_AROUND);
  const last = Math.min(students.length, first + ROWS_IN_SIGHT + 2 * ROWS_AROUND);
  const row = Math.min(active.row, students.length - 1);
  const column = Math.min(active.column, state.tasks.length - 1);
  const chosen = new Set(eye.chosen.map(cellKey));

  // The Tab key finds a cell in sight, wherever somebody scrolled.
  const stop = row >= first && row < last ? row : Math.min(last - 1, Math.ceil(top / height));

  useEdges(scroller, [height, students, state.tasks]);

  // Before the next key: the one that has the focus may be out of the page now.
  useLayoutEffect(() => {
    if (!moves.current) return;
    moves.current = false;
    scroller.current?.querySelector<HTMLElement>("button[tabindex='0']")?.focus();
  });

  const move = (event: KeyboardEvent) => {
    const step = ownValue(STEPS, event.key);
    if (!step) return;
    event.preventDefault();
    const next = {
      row: clamp(row + step[0], students.length),
      column: clamp(column + step[1], state.tasks.length),
    };
    moves.current = true;
    setActive(next);
    const box = scroller.current;
    if (!box) return;
    const head = box.querySelector("thead")?.clientHeight ?? 0;
    const foot = box.querySelector("tfoot")?.clientHeight ?? 0;
    const room = box.clientHeight - head - foot - height;
    box.scrollTop = Math.min(next.row * height, Math.max(box.scrollTop, next.row * height - room));
    setTop(box.scrollTop); // the row is there for the focus before the page tells of the scrolling
  };

  return (
    <section class="inginious-class-part" aria-label={c.grades}>
      <h3>{c.grades}</h3>
      <p class="inginious-hint inginious-muted">{c.matrixHelp}</p>
      <div class="inginious-edges inginious-matrix-edges">
        {/* biome-ignore lint/a11y/noStaticElementInteractions: keys of the buttons in it. */}
        <div
          ref={scroller}
          class="inginious-matrix"
          style={{ maxHeight: `${(ROWS_IN_SIGHT + HALF_A_ROW + 2) * height}px` }}
          onScroll={(event) => {
            const step = ROWS_A_STEP * height; // in steps: a row in and out at each would be slow
            setTop(Math.floor(event.currentTarget.scrollTop / step) * step);
          }}
          onKeyDown={move}
          tabIndex={-1}
        >
          <table
            aria-label={c.grades}
            aria-rowcount={students.length + 2}
            aria-colcount={state.tasks.length + 1}
            style={{ "--row": `${height}px` }}
          >
            <thead>
              <tr aria-rowindex={1}>
                <th scope="col">{c.studentColumn}</th>
                {state.tasks.map((task) => (
                  <th key={task.ref} scope="col" title={task.name}>
                    <span class="inginious-matrix-task">{task.name}</span>
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {first > 0 && <tr style={{ height: `${first * height}px` }} />}
              {students.slice(first, last).map((student, index) => (
                <tr key={student} aria-rowindex={first + index + 2}>
                  <th scope="row">
                    <span class="inginious-matrix-name">{who(student)}</span>
                  </th>
                  {state.tasks.map((task, place) => {
                    const name = { student, task: task.ref };
                    return (
                      <td key={task.ref}>
                        <Cell
                          cell={state.cells.get(cellKey(name))}
                          who={who(student)}
                          task={task.name}
                          language={language}
                          isActive={first + index === stop && place === column}
                          isChosen={chosen.has(cellKey(name))}
                          onClick={() => {
                            setActive({ row: first + index, column: place });
                            view.toggle(name);
                          }}
                        />
                      </td>
                    );
                  })}
                </tr>
              ))}
              {last < students.length && (
                <tr style={{ height: `${(students.length - last) * height}px` }} />
              )}
            </tbody>
            <tfoot>
              <tr aria-rowindex={students.length + 2}>
                <th scope="row">{c.mean}</th>
                {state.tasks.map(({ ref, mean }) => (
                  <td key={ref}>
                    {mean === null ? "" : language.grade(Math.round(mean * 10) / 10)}
                  </td>
                ))}
              </tr>
            </tfoot>
          </table>
        </div>
      </div>
    </section>
  );
}

interface CellProps {
  cell: ClassCell | undefined;
  who: string;
  task: string;
  language: ClassLanguage;
  isActive: boolean;
  isChosen: boolean;
  onClick: () => void;
}

function Cell({ cell, who, task, language, isActive, isChosen, onClick }: CellProps) {
  if (!cell) return null;
  const { c, say, grade } = language;
  const state =
    cell.state === "graded" && cell.grade !== null
      ? grade(Math.round(cell.grade * 10) / 10)
      : (ownValue<string>(c.states, cell.state) ?? cell.state);
  return (
    <button
      type="button"
      class={`inginious-cell inginious-cell-${look(cell)}`}
      tabIndex={isActive ? 0 : -1}
      aria-pressed={isChosen}
      aria-label={say(c.ofState, { who, task, state })}
      onClick={onClick}
    >
      {state}
    </button>
  );
}

function clamp(index: number, length: number): number {
  return Math.max(0, Math.min(length - 1, index));
}

/** How well an answer did, for its colour. */
function look({ state, grade }: ClassCell): string {
  if (state !== "graded" || grade === null) return state;
  return grade >= 100 ? "full" : grade >= 50 ? "half" : "low";
}
