// The left sidebar: courses and their tasks, each with how it stands; a click opens the task.
import { useEffect, useState } from "preact/hooks";
import { resultClass } from "../../components/result_class.ts";
import { ownValue } from "../../own_value.ts";
import type { CourseRow, Overview, TaskRow } from "../../protocol/overview.ts";
import type { AccountInfo } from "../../protocol/sign_in.ts";
import { useRenderAgain, useStore } from "../../state/store.ts";
import type { ServerSocket } from "../../transport/server.ts";
import type { LabLanguage } from "../language.ts";
import { NotConnected } from "./NotConnected.tsx";

const NEAR_S = 48 * 3600;
const MINUTE_MS = 60_000;

interface Props {
  socket: ServerSocket;
  language: LabLanguage;
  openTask: (ref: string) => void;
  openCourse: () => void;
  tryDemo: () => void;
  signIn: () => void;
}

export function Courses(props: Props) {
  const { socket, language, openTask, openCourse, tryDemo, signIn } = props;
  const overview = useStore(socket.overview);
  const [wanted, setWanted] = useState("");
  useEachMinute(); // deadlines come nearer
  const { lab } = language;
  const words = wanted.trim().toLowerCase();
  const isWanted = ({ name, ref }: TaskRow) => `${name} ${ref}`.toLowerCase().includes(words);
  const courses = (overview?.courses ?? [])
    .map((course) => ({ ...course, tasks: course.tasks.filter(isWanted) }))
    .filter(({ tasks, errors }) => tasks.length > 0 || (!words && errors.length > 0));
  const out = signedOut(overview);
  return (
    <section class="inginious inginious-courses" aria-label={lab.courses} lang={language.code}>
      <NotConnected socket={socket} language={language} />
      {out && (
        <>
          <p class="inginious-notice">{language.say(lab.signedOut, { site: out.site })}</p>
          <p class="inginious-actions">
            <button type="button" class="inginious-button inginious-primary" onClick={signIn}>
              {language.t.signIn}
            </button>
          </p>
        </>
      )}
      {overview?.warnings.map((warning) => (
        <p key={warning} class="inginious-notice">
          {warning}
        </p>
      ))}
      {overview && overview.courses.length > 0 && (
        <input
          type="search"
          class="inginious-search"
          placeholder={lab.search}
          aria-label={lab.search}
          value={wanted}
          onInput={(event) => setWanted(event.currentTarget.value)}
        />
      )}
      {courses.map((course) => (
        <Course key={course.id} course={course} language={language} openTask={openTask} />
      ))}
      {overview && overview.courses.length === 0 && !out && (
        <p class="inginious-muted">{lab.noCourses}</p>
      )}
      {words && courses.length === 0 && <p class="inginious-muted">{lab.noMatch}</p>}
      {overview && (
        <p class="inginious-actions">
          <button type="button" class="inginious-button" onClick={openCourse}>
            {lab.openCourse}
          </button>
          {!out && overview.account?.signed_in === false && (
            <button
              type="button"
              class="inginious-button"
              title={overview.account.site}
              onClick={signIn}
            >
              {lab.signInAtSite}
            </button>
          )}
          {overview.courses.length === 0 && (
            <button
              type="button"
              class={`inginious-button ${out ? "" : "inginious-primary"}`}
              onClick={tryDemo}
            >
              {lab.tryDemo}
            </button>
          )}
        </p>
      )}
    </section>
  );
}

/** The account of a site that waits to be signed in. */
function signedOut(overview: Overview | null): AccountInfo | null {
  return overview?.service.state === "signed_out" ? overview.account : null;
}

function useEachMinute(): void {
  const renderAgain = useRenderAgain();
  useEffect(() => {
    const timer = setInterval(renderAgain, MINUTE_MS);
    return () => clearInterval(timer);
  }, [renderAgain]);
}

interface CourseProps {
  course: CourseRow;
  language: LabLanguage;
  openTask: (ref: string) => void;
}

function Course({ course, language, openTask }: CourseProps) {
  return (
    <section class="inginious-course">
      <h3>
        {course.name}
        {course.site && <span class="inginious-muted inginious-course-site"> {course.site}</span>}
      </h3>
      <ul>
        {course.tasks.map((task) => (
          <li key={task.ref}>
            <button type="button" class="inginious-task" onClick={() => openTask(task.ref)}>
              <Dot task={task} language={language} />
              <span class="inginious-task-name">{task.name}</span>
              <span class="inginious-task-grade">
                {task.grade !== null && language.grade(task.grade)}
              </span>
              <Facts task={task} isOfSite={course.site !== ""} language={language} />
            </button>
          </li>
        ))}
      </ul>
      {course.errors.length > 0 && (
        <details class="inginious-fold">
          <summary>{language.lab.cannotBeUsed}</summary>
          {course.errors.map((error) => (
            <p key={error}>{error}</p>
          ))}
        </details>
      )}
    </section>
  );
}

/** How the task stands, in words and a colour: what is partly right is not all wrong. */
function standing(task: TaskRow, { t, lab }: LabLanguage): [word: string, tone: string] {
  const { code, grade, attempts, pending } = task;
  if (pending) return [t.phases.running, "inginious-tone-waiting"];
  if (!code) return [attempts ? lab.noGrade : lab.notSubmitted, ""];
  if (code === "failed" && grade) return [lab.partly, "inginious-tone-partly"];
  return [ownValue(t.results, code) ?? code, resultClass(code)];
}

function Dot({ task, language }: { task: TaskRow; language: LabLanguage }) {
  const [word, tone] = standing(task, language);
  return <span class={`inginious-dot ${tone}`} role="img" aria-label={word} title={word} />;
}

interface FactsProps {
  task: TaskRow;
  /** A site refuses what comes too late; where the course is a folder, nobody does. */
  isOfSite: boolean;
  language: LabLanguage;
}

function Facts({ task, isOfSite, language }: FactsProps) {
  const { t, lab, say } = language;
  const facts: string[] = [];
  if (!task.accessible) facts.push(lab.taskClosed);
  else if (task.deadline !== null) {
    const left = task.deadline - Date.now() / 1000;
    facts.push(
      left > 0 && left < NEAR_S
        ? say(lab.dueIn, { time: roughly(left, language) })
        : say(t.deadline, { when: language.dateTime(task.deadline) }),
    );
  }
  if (task.limit) facts.push(task.limit);
  if (!isOfSite && (!task.accessible || task.attempts_left === 0)) facts.push(lab.gradedHere);
  if (!facts.length) return null;
  return <span class="inginious-task-facts">{facts.join(" · ")}</span>;
}

/** A time left, in hours while there are some. */
function roughly(seconds: number, { code }: LabLanguage): string {
  const [value, unit] =
    seconds >= 3600 ? [Math.floor(seconds / 3600), "hour"] : [Math.ceil(seconds / 60), "minute"];
  return new Intl.NumberFormat(code, { style: "unit", unit, unitDisplay: "long" }).format(value);
}
