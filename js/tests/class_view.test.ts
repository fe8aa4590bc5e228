// The view of a class: what is published is put together, and nothing of it is lost on the way.
import { describe, expect, it } from "vitest";
import { type Ask, ClassView, cellKey } from "../class/class_view.ts";
import { classLanguage } from "../class/language.ts";
import { sides } from "../class/sides.ts";
import { language } from "../i18n/index.ts";
import type { ClassCell, ClassInfo } from "../protocol/class_view.ts";

const TASK = {
  ref: "lab/sum",
  name: "Sums",
  mean: null,
  columns: [],
  tests: [{ id: "zero", name: "Zero", passed: 0, failed: 3 }],
  groups: [
    { code: "failed", problems: {}, failed: ["zero"], reason: "", students: [1, 3] },
    { code: "timeout", problems: {}, failed: ["zero"], reason: "", students: [2] },
    { code: "success", problems: {}, failed: [], reason: "", students: [4] },
  ],
};

function cell(student: number, state = "graded"): ClassCell {
  return { student, task: "lab/sum", state, grade: 0, code: "failed", reused: false };
}

function info(seq: number, changes: Partial<ClassInfo> = {}): ClassInfo {
  return {
    seq,
    whole: false,
    lang: "en",
    title: "class",
    sandbox: "",
    busy: true,
    reading: { tasks: [], student_from: "" },
    error: "",
    warning: "",
    students: 4,
    column_names: [],
    tasks: [],
    cells: [],
    ...changes,
  };
}

const whole = (seq: number) =>
  info(seq, { whole: true, tasks: [TASK], cells: [1, 2, 3, 4].map((n) => cell(n, "waiting")) });

/** A view, and what it asked; `all` is what the kernel would say of everything. */
function opened(all: () => ClassInfo = () => whole(1)) {
  const asked: [string, unknown][] = [];
  const ask = async (kind: string, payload: { cells?: ClassCell[] }) => {
    asked.push([kind, payload]);
    if (kind === "class") return all();
    if (kind === "answers") return { answers: (payload.cells ?? []).map((one) => ({ ...one })) };
    return kind === "names" ? { names: { 1: "ada" } } : {};
  };
  const view = new ClassView(ask as unknown as Ask, classLanguage(language("en")));
  return { view, asked, kinds: () => asked.map(([kind]) => kind) };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

describe("a view of a class", () => {
  it("takes what changed, and asks for all of it after a gap", async () => {
    let all = whole(1);
    const { view, kinds } = opened(() => all);
    await view.start(false);
    view.receive(info(2, { cells: [cell(1)] }));
    expect(view.state.get()?.cells.get("1 lab/sum")?.state).toBe("graded");
    expect(view.state.get()?.cells.size).toBe(4);
    all = info(5, { ...whole(5), busy: false });
    view.receive(info(4, { cells: [cell(2)] }));
    await settled();
    expect(view.state.get()?.busy).toBe(false);
    expect(kinds().filter((kind) => kind === "class")).toHaveLength(2);
  });

  it("asks again if something came while all of it was on its way", async () => {
    const answers = [whole(1), whole(2)];
    const { view } = opened(() => answers.shift() as ClassInfo);
    view.receive(info(2));
    await settled();
    expect(view.state.get()?.seq).toBe(2);
    expect(answers).toEqual([]);
  });

  it("asks no more for what came late, once the messages after it are known", async () => {
    let answer = (_: ClassInfo) => {};
    const late = new Promise<ClassInfo>((resolve) => {
      answer = resolve;
    });
    const { view, kinds } = opened(() => late as unknown as ClassInfo);
    view.receive(whole(1));
    const started = view.start(false);
    await settled();
    for (const seq of [2, 3]) view.receive(info(seq, { cells: [cell(seq)] }));
    answer(whole(2));
    await started;
    expect(view.state.get()?.seq).toBe(3);
    expect(view.state.get()?.cells.get("3 lab/sum")?.state).toBe("graded");
    expect(kinds().filter((kind) => kind === "class")).toHaveLength(1);
  });

  it("shows one answer of each kind that fails a test, and everybody at the second click", async () => {
    const { view } = opened();
    await view.start(false);
    view.showTest("lab/sum", "zero");
    await settled();
    expect(view.eye.get().chosen.map(({ student }) => student)).toEqual([1, 2]);
    expect([...view.eye.get().answers.keys()]).toEqual(["1 lab/sum", "2 lab/sum"]);
    view.showTest("lab/sum", "zero");
    expect(view.eye.get().test).toBe("");
  });

  it("asks for an answer again when it was graded again, and for names when they are wanted", async () => {
    const { view, asked } = opened();
    await view.start(false);
    view.toggle({ student: 1, task: "lab/sum" });
    await settled();
    view.receive(info(2));
    view.receive(info(3, { cells: [cell(1)] }));
    await settled();
    const shown = asked.filter(([kind]) => kind === "answers");
    expect(shown).toHaveLength(2);
    expect(shown[1]?.[1]).toEqual({ cells: [{ student: 1, task: "lab/sum" }], names: false });
    expect(asked.some(([kind]) => kind === "names")).toBe(false);
    await view.showNames(true);
    expect(view.eye.get().names?.["1"]).toBe("ada");
    // One student came and another has gone.
    for (const [seq, student] of [
      [4, 1],
      [5, 9],
    ] as const) {
      view.receive(info(seq, { whole: true, cells: [cell(student)] }));
      await settled();
      expect(asked.filter(([kind]) => kind === "names")).toHaveLength(seq - 3);
    }
    view.toggle({ student: 1, task: "lab/sum" });
    expect(view.eye.get().chosen.map(cellKey)).toEqual([]);
  });
});

describe("replies that come late", () => {
  /** A view whose requests are answered in any order, by their number. */
  function unanswered() {
    const asked: { kind: string; names: boolean | undefined; answer: (reply: unknown) => void }[] =
      [];
    const ask = (kind: string, { names }: { names?: boolean }) =>
      new Promise((answer) => asked.push({ kind, names, answer }));
    const view = new ClassView(ask as unknown as Ask, classLanguage(language("en")));
    view.receive(whole(1));
    return { view, asked };
  }
  const answers = (message: string) => ({
    answers: [{ student: 1, task: "lab/sum", message }],
  });

  it("show no names that are hidden again", async () => {
    const { view, asked } = unanswered();
    view.toggle({ student: 1, task: "lab/sum" });
    void view.showNames(true);
    asked[1]?.answer({ names: { 1: "ada" } });
    await settled();
    void view.showNames(false);
    await settled();
    expect(asked.map(({ kind, names }) => [kind, names])).toEqual([
      ["answers", false],
      ["names", undefined],
      ["answers", true],
      ["answers", false],
    ]);
    asked[3]?.answer(answers("hidden"));
    asked[2]?.answer(answers("ada/notebook.ipynb"));
    await settled();
    expect([...view.eye.get().answers.values()].map(({ message }) => message)).toEqual(["hidden"]);
    void view.showNames(true);
    void view.showNames(false);
    asked[4]?.answer({ names: { 1: "ada" } });
    await settled();
    expect(view.eye.get().names).toBe(null);
  });

  it("take no names for those of more students", async () => {
    const { view, asked } = unanswered();
    void view.showNames(true);
    void view.showNames(true); // a student has come
    asked[1]?.answer({ names: { 1: "ada", 5: "grace" } });
    asked[0]?.answer({ names: { 1: "ada" } });
    await settled();
    expect(view.eye.get().names).toEqual({ 1: "ada", 5: "grace" });
  });

  it("take no refusal away that a person has to read", async () => {
    const { view, asked } = unanswered();
    view.toggle({ student: 1, task: "lab/sum" });
    void view.ask("export", {});
    asked[1]?.answer(Promise.reject(new Error("The file cannot be written.")));
    await settled();
    asked[0]?.answer(answers("graded"));
    await settled();
    expect(view.eye.get().notice).toBe("The file cannot be written.");
  });

  it("replace no answer of a newer grading", async () => {
    const { view, asked } = unanswered();
    view.toggle({ student: 1, task: "lab/sum" });
    view.receive(info(2, { cells: [cell(1)] }));
    asked[1]?.answer(answers("new"));
    await settled();
    asked[0]?.answer(answers("old"));
    await settled();
    expect([...view.eye.get().answers.values()].map(({ message }) => message)).toEqual(["new"]);
  });
});

describe("two answers side by side", () => {
  it("have the same lines at the same height", () => {
    const [left, right] = sides("def f():\n    return 1", "def f():\n    if x:\n    return 1");
    expect(left.map(({ kind }) => kind)).toEqual(["same", "gap", "same"]);
    expect(right.map(({ kind }) => kind)).toEqual(["same", "only", "same"]);
  });

  it("are quick however different they are", () => {
    const lines = (prefix: string) =>
      Array.from({ length: 20_000 }, (_, line) => `${prefix}${line}`).join("\n");
    const [left, right] = sides(lines("a"), lines("b"));
    expect([left.length, right.length]).toEqual([20_000, 20_000]);
  });
});
