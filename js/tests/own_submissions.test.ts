import { beforeEach, expect, test, vi } from "vitest";

const loaded = async () => {
  vi.resetModules(); // as another page, or another bundle of this one
  return import("../state/own_submissions.ts");
};

beforeEach(() => {
  sessionStorage.clear();
  localStorage.clear();
});

const NOTEBOOK = "week 1/loops.ipynb";

test("what waits for its result is known after a reload, until that has come", async () => {
  const before = await loaded();
  await before.submitting(Promise.resolve({ value: { submission: "a" } }), NOTEBOOK);
  await before.submitting(Promise.resolve(null), NOTEBOOK, "b");
  const after = await loaded();
  expect(["a", "b", "c"].map((id) => after.isOwn(id, NOTEBOOK))).toEqual([true, true, false]);
  after.hasArrived("a", NOTEBOOK);
  const last = await loaded();
  expect(["a", "b"].map((id) => last.isAwaited(id, NOTEBOOK))).toEqual([false, true]);
  expect(before.isOwn("a", NOTEBOOK)).toBe(true);
});

test("another notebook with the same task knows that it is not from there", async () => {
  const before = await loaded();
  await before.submitting(Promise.resolve({ value: { submission: "a" } }), NOTEBOOK);
  for (const page of [before, await loaded()]) {
    const isFromElsewhere = (id: string, path: string) => page.isFromElsewhere(id, path);
    expect(isFromElsewhere("a", NOTEBOOK)).toBe(false);
    expect(isFromElsewhere("a", "another.ipynb")).toBe(true);
    expect(isFromElsewhere("of another page", "another.ipynb")).toBe(false);
  }
});

test("another page waits for it once that opens the notebook that it is from", async () => {
  const closed = await loaded();
  await closed.submitting(Promise.resolve({ value: { submission: "a" } }), NOTEBOOK);
  sessionStorage.clear(); // a new page has its own
  const page = await loaded();
  page.awaitAgain("another.ipynb");
  expect(page.isOwn("a", NOTEBOOK)).toBe(false);
  page.awaitAgain(NOTEBOOK);
  expect([NOTEBOOK, "another.ipynb"].map((path) => page.isAwaited("a", path))).toEqual([
    true,
    false,
  ]);
  page.hasArrived("a", "another.ipynb"); // where the same task is open
  expect(page.isAwaited("a", NOTEBOOK)).toBe(true);
  page.hasArrived("a", NOTEBOOK);
  page.awaitAgain(NOTEBOOK);
  expect(page.isAwaited("a", NOTEBOOK)).toBe(false);
});

test("a notebook that is renamed meanwhile goes on waiting", async () => {
  const page = await loaded();
  await page.submitting(Promise.resolve({ value: { submission: "a" } }), NOTEBOOK);
  let answer = (_: { value: unknown }) => {};
  const sending = page.submitting(
    new Promise<{ value: unknown }>((resolve) => {
      answer = resolve;
    }),
    NOTEBOOK,
  );
  page.moveNotebook(NOTEBOOK, "renamed.ipynb");
  answer({ value: { submission: "b" } });
  await sending;
  expect(["a", "b"].map((id) => page.isAwaited(id, "renamed.ipynb"))).toEqual([true, true]);
  expect(page.isOwn("a", NOTEBOOK)).toBe(false);
});

test.each(["{}", "null", "no JSON", '["a"]'])(
  "what somebody else wrote there is nothing: %s",
  async (text) => {
    sessionStorage.setItem("inginious:awaited", text);
    const { isOwn, submitting } = await loaded();
    expect(isOwn("a", NOTEBOOK)).toBe(false);
    await submitting(Promise.resolve(null), NOTEBOOK, "a");
    expect(isOwn("a", NOTEBOOK)).toBe(true);
  },
);
