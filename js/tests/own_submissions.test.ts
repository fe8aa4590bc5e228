import { beforeEach, expect, test, vi } from "vitest";

const loaded = async () => {
  vi.resetModules(); // as another page, or another bundle of this one
  return import("../state/own_submissions.ts");
};

beforeEach(() => sessionStorage.clear());

test("what waits for its result is known after a reload, until that has come", async () => {
  const before = await loaded();
  await before.submitting(Promise.resolve({ value: { submission: "a" } }));
  await before.submitting(Promise.resolve(null), "b");
  const after = await loaded();
  expect(["a", "b", "c"].map(after.isOwn)).toEqual([true, true, false]);
  after.hasArrived("a");
  expect(["a", "b"].map((await loaded()).isAwaited)).toEqual([false, true]);
  expect(before.isOwn("a")).toBe(true);
});

test.each(["{}", "null", "no JSON"])(
  "what somebody else wrote there is nothing: %s",
  async (text) => {
    sessionStorage.setItem("inginious:awaited", text);
    const { isOwn, submitting } = await loaded();
    expect(isOwn("a")).toBe(false);
    await submitting(Promise.resolve(null), "a");
    expect(isOwn("a")).toBe(true);
  },
);
