// The tests of a task by how many failed them, and the answers by how they fail. A click on a test
// shows who failed it.
import { ownValue } from "../../own_value.ts";
import type { ClassGroup, ClassTaskInfo } from "../../protocol/class_view.ts";
import { cellKey } from "../class_view.ts";
import type { ClassLanguage } from "../language.ts";
import { useClass } from "./context.ts";

const MAX_NAMES = 40;

export function TaskTests() {
  const { view, state, eye, language } = useClass();
  const { c, say } = language;
  const task = state.tasks.find(({ ref }) => ref === eye.task) ?? state.tasks[0];
  if (!task) return null;
  const test = task.tests.find(({ id }) => id === eye.test);
  const groups = task.groups.filter(({ failed }) => !test || failed.includes(test.id));
  return (
    <section class="inginious-class-part" aria-label={task.name}>
      {state.tasks.length > 1 && (
        <label class="inginious-task-choice">
          {c.task}{" "}
          <select value={task.ref} onChange={(event) => view.showTask(event.currentTarget.value)}>
            {state.tasks.map(({ ref, name }) => (
              <option key={ref} value={ref}>
                {name}
              </option>
            ))}
          </select>
        </label>
      )}
      <div class="inginious-class-columns">
        <div>
          <h3>{c.tests}</h3>
          {task.tests.length === 0 && <p class="inginious-muted">{c.noTests}</p>}
          <ul class="inginious-bars">
            {task.tests.map(({ id, name, failed, passed }) => (
              <li key={id}>
                <button
                  type="button"
                  class="inginious-bar"
                  aria-pressed={id === test?.id}
                  onClick={() => view.showTest(task.ref, id)}
                >
                  <span class="inginious-bar-name">{name}</span>
                  <span class="inginious-bar-count">
                    {say(c.failedOf, { n: failed, all: failed + passed })}
                  </span>
                  <span class="inginious-bar-track" aria-hidden="true">
                    <span style={{ width: `${(100 * failed) / (failed + passed)}%` }} />
                  </span>
                </button>
              </li>
            ))}
          </ul>
          <Distribution task={task} />
        </div>
        <div>
          <h3>{test ? say(c.kindsOf, { test: test.name }) : c.kinds}</h3>
          <ul class="inginious-kinds">
            {groups.map((group) => (
              <Kind key={group.students[0]} task={task} group={group} />
            ))}
          </ul>
          {groups.length > 1 && (
            <button
              type="button"
              class="inginious-button"
              onClick={() => view.compareKinds(task.ref, test?.id ?? "")}
            >
              {c.compareKinds}
            </button>
          )}
        </div>
      </div>
    </section>
  );
}

/** The tests that fail, those that most fail first. */
export function failedTests(
  task: ClassTaskInfo,
  failed: readonly string[],
  { c }: ClassLanguage,
): string {
  const tests = task.tests.filter(({ id }) => failed.includes(id));
  if (tests.length > 1 && tests.length === task.tests.length) return c.everyTest;
  return tests.map(({ name }) => name).join(", ");
}

/** Answers that fail in the same way, and whose they are. */
function Kind({ task, group }: { task: ClassTaskInfo; group: ClassGroup }) {
  const { view, eye, language, who } = useClass();
  const { t, c, say } = language;
  const result = (code: string) => ownValue(t.results, code) ?? code;
  const chosen = new Set(eye.chosen.map(cellKey));
  const more = [
    ...Object.entries(group.problems).map(([name, code]) =>
      say(t.colon, { name, value: result(code) }),
    ),
    failedTests(task, group.failed, language),
    group.reason,
  ].filter(Boolean);
  return (
    <li>
      <p>
        <strong>
          {group.students.length} × {group.code ? result(group.code) : c.states.ungraded}
        </strong>
        {more.length > 0 && <span class="inginious-muted"> · {more.join(" · ")}</span>}
      </p>
      <p class="inginious-chips">
        {group.students.slice(0, MAX_NAMES).map((student) => (
          <button
            key={student}
            type="button"
            class="inginious-chip"
            aria-pressed={chosen.has(cellKey({ student, task: task.ref }))}
            onClick={() => view.toggle({ student, task: task.ref })}
          >
            {who(student)}
          </button>
        ))}
        {group.students.length > MAX_NAMES && (
          <span class="inginious-muted">
            {say(c.andMore, { n: group.students.length - MAX_NAMES })}
          </span>
        )}
      </p>
    </li>
  );
}

function Distribution({ task }: { task: ClassTaskInfo }) {
  const { state, language } = useClass();
  const { c, say } = language;
  const most = Math.max(...task.columns);
  if (most === 0) return null;
  return (
    <>
      <h4>{c.distribution}</h4>
      <ol class="inginious-distribution">
        {task.columns.map((n, index) => {
          const column = state.column_names[index] ?? "";
          return (
            <li key={column} title={say(c.howMany, { n, column })}>
              <span>{n || ""}</span>
              <span class="inginious-distribution-bar" style={{ height: `${(5 * n) / most}em` }} />
              <span>{column}</span>
            </li>
          );
        })}
      </ol>
    </>
  );
}
