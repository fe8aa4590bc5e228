// A class as its views show it: what Python publishes, put together, and what only the eye needs.
// Components call these methods and render the two stores.
import type {
  ClassAnswer,
  ClassCell,
  ClassCellName,
  ClassInfo,
  ClassReplies,
  ClassRequests,
} from "../protocol/class_view.ts";
import { Store } from "../state/store.ts";
import type { ClassLanguage } from "./language.ts";

/** So many answers fit beside each other. */
const MAX_COMPARED = 4;

export interface ClassState extends Omit<ClassInfo, "cells" | "whole"> {
  readonly cells: ReadonlyMap<string, ClassCell>;
}

export interface Eye {
  /** By number; null while they are hidden. */
  names: Readonly<Record<string, string>> | null;
  projector: boolean;
  /** The task whose tests are shown; empty for the first. */
  task: string;
  /** The test whose answers are shown; empty for all. */
  test: string;
  /** The answers side by side, the first of which the others are compared with. */
  chosen: readonly ClassCellName[];
  answers: ReadonlyMap<string, ClassAnswer>;
  notice: string;
  gone: boolean;
}

export type Ask = <K extends keyof ClassRequests>(
  kind: K,
  payload: ClassRequests[K],
) => Promise<ClassReplies[K]>;

export function cellKey({ student, task }: ClassCellName): string {
  return `${student} ${task}`;
}

export class ClassView {
  /** Null until the first state is there. */
  readonly state = new Store<ClassState | null>(null);
  readonly eye = new Store<Eye>({
    names: null,
    projector: false,
    task: "",
    test: "",
    chosen: [],
    answers: new Map(),
    notice: "",
    gone: false,
  });
  readonly language: ClassLanguage;
  readonly #ask: Ask;
  #latest = -1;
  #namesAsked = 0;
  /** What a request that nobody made failed with, empty if the last one did not. */
  #failure = "";
  #asksAll: Promise<void> | null = null;
  /** What chosen answers looked like when they were last asked for, an object each time. */
  readonly #fetched = new Map<string, { cell: ClassCell }>();

  constructor(ask: Ask, language: ClassLanguage) {
    this.#ask = ask;
    this.language = language;
  }

  /** Begin: have Python speak this page's language, and get all of the state. */
  async start(names: boolean): Promise<void> {
    await this.ask("lang", { lang: this.language.code });
    await this.#askAll();
    if (names) await this.showNames(true);
  }

  /** Another kernel or connection serves it from now on, whose messages are counted anew. */
  begin(info: ClassInfo): void {
    this.#latest = -1;
    this.state.set(null);
    this.eye.update({ gone: false, notice: "" });
    this.receive({ ...info, whole: true });
  }

  /** Take what Python published; after a gap all of it is asked for, which may come late. */
  receive(info: ClassInfo): void {
    const known = this.state.get();
    this.#latest = Math.max(this.#latest, info.seq);
    if (info.whole) {
      if (known && info.seq < known.seq) return;
      const { cells, whole: _, ...rest } = info;
      this.state.set({ ...rest, cells: byKey(cells) });
      const { names } = this.eye.get();
      const isNamed = cells.every(({ student }) => names === null || student in names);
      if (!isNamed) void this.showNames(true);
    } else if (known && info.seq === known.seq + 1) {
      this.state.set(merged(known, info));
    } else if (!known || info.seq > known.seq) {
      void this.#askAll();
      return;
    }
    void this.#fetchChosen();
  }

  #askAll(): Promise<void> {
    this.#asksAll ??= this.#all().finally(() => {
      this.#asksAll = null;
    });
    return this.#asksAll;
  }

  async #all(): Promise<void> {
    do {
      const info = await this.#askQuietly("class", {});
      if (!info) return;
      this.receive({ ...info, whole: true });
    } while ((this.state.get()?.seq ?? -1) < this.#latest); // after another gap
  }

  /** Ask; a refusal is shown, and the answer is then null. */
  async ask<K extends keyof ClassRequests>(
    kind: K,
    payload: ClassRequests[K],
  ): Promise<ClassReplies[K] | null> {
    try {
      const reply = await this.#ask(kind, payload);
      this.eye.update({ notice: "" });
      return reply;
    } catch (error) {
      this.eye.update({ notice: this.#reasonOf(error) });
      return null;
    }
  }

  /** The same where nobody asked: what was refused to a person stays until they ask again. */
  async #askQuietly<K extends keyof ClassRequests>(
    kind: K,
    payload: ClassRequests[K],
  ): Promise<ClassReplies[K] | null> {
    try {
      const reply = await this.#ask(kind, payload);
      if (this.eye.get().notice === this.#failure) this.eye.update({ notice: "" });
      this.#failure = "";
      return reply;
    } catch (error) {
      this.#failure = this.#reasonOf(error);
      this.eye.update({ notice: this.#failure });
      return null;
    }
  }

  #reasonOf(error: unknown): string {
    const text = error instanceof Error ? error.message : String(error);
    const failures: Readonly<Record<string, string>> = this.language.t.failures;
    return failures[text] ?? text;
  }

  /** Nobody answers any more. */
  end(): void {
    this.eye.update({ gone: true });
  }

  // ---- what is looked at --------------------------------------------------------------------

  async showNames(on: boolean): Promise<void> {
    const number = ++this.#namesAsked;
    const reply = on ? await this.ask("names", {}) : null;
    if (number !== this.#namesAsked) return; // they are hidden again, or of more students
    this.eye.update({ names: reply?.names ?? null });
    this.#fetched.clear(); // messages may have names in them
    await this.#fetchChosen();
  }

  /** Show the tests of a task. */
  showTask(task: string): void {
    if (task !== this.eye.get().task) this.eye.update({ task, test: "" });
  }

  /** Show who failed a test, and one answer of each kind; a second time, everybody again. */
  showTest(task: string, test: string): void {
    const isShown = this.eye.get().test === test && this.eye.get().task === task;
    this.eye.update({ task, test: isShown ? "" : test });
    if (!isShown) this.compareKinds(task, test);
  }

  /** Put one answer of each kind that fails a test side by side, the most frequent first. */
  compareKinds(task: string, test: string): void {
    const found = this.state.get()?.tasks.find(({ ref }) => ref === task);
    const groups = (found?.groups ?? []).filter(({ failed }) => !test || failed.includes(test));
    const chosen = groups
      .slice(0, MAX_COMPARED - 1)
      .flatMap(({ students }) => students.slice(0, 1).map((student) => ({ student, task })));
    this.#choose(chosen);
  }

  /** Put an answer beside the others, or take it away. */
  toggle(cell: ClassCellName): void {
    const key = cellKey(cell);
    const { chosen } = this.eye.get();
    const others = chosen.filter((other) => cellKey(other) !== key);
    const isNew = others.length === chosen.length;
    // Answers to another task say nothing beside this one.
    const beside = others.filter(({ task }) => !isNew || task === cell.task);
    this.#choose(isNew ? [...beside.slice(0, MAX_COMPARED - 1), cell] : beside);
    if (isNew) this.showTask(cell.task);
  }

  clear(): void {
    this.#choose([]);
  }

  #choose(chosen: readonly ClassCellName[]): void {
    this.eye.update({ chosen });
    void this.#fetchChosen();
  }

  /** Get the answers that are shown and changed since they were asked for. */
  async #fetchChosen(): Promise<void> {
    const { cells } = this.state.get() ?? {};
    const wanted = this.eye.get().chosen.filter((name) => {
      const cell = cells?.get(cellKey(name));
      return cell !== undefined && this.#fetched.get(cellKey(name))?.cell !== cell;
    });
    if (!wanted.length) return;
    const asked = new Map<string, { cell: ClassCell }>();
    for (const key of wanted.map(cellKey)) {
      const cell = cells?.get(key);
      if (cell) asked.set(key, { cell });
    }
    for (const [key, fetched] of asked) this.#fetched.set(key, fetched);
    const names = this.eye.get().names !== null;
    const reply = await this.#askQuietly("answers", { cells: wanted, names });
    if (!reply) {
      for (const name of wanted) this.#fetched.delete(cellKey(name));
      return;
    }
    const answers = new Map(this.eye.get().answers);
    for (const answer of reply.answers) {
      const key = cellKey(answer);
      // Else it was asked for again meanwhile: it was graded again, or names are hidden now.
      if (this.#fetched.get(key) === asked.get(key)) answers.set(key, answer);
    }
    this.eye.update({ answers });
  }
}

function byKey(cells: readonly ClassCell[]): Map<string, ClassCell> {
  return new Map(cells.map((cell) => [cellKey(cell), cell]));
}

function merged(known: ClassState, { cells, whole: _, tasks, ...rest }: ClassInfo): ClassState {
  const changed = new Map(tasks.map((task) => [task.ref, task]));
  const all = new Map(known.cells);
  for (const cell of cells) all.set(cellKey(cell), cell);
  return { ...rest, tasks: known.tasks.map((task) => changed.get(task.ref) ?? task), cells: all };
}
