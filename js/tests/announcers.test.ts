import { expect, test, vi } from "vitest";
import { joinAnnouncers, roundedUp } from "../state/announcers.ts";

test("of those who would say the same, one speaks", () => {
  const [first, second, other] = [vi.fn(), vi.fn(), vi.fn()];
  const leave = joinAnnouncers("s1", first);
  joinAnnouncers("s1", second);
  joinAnnouncers("s2", other);
  expect(first.mock.calls).toEqual([[true]]);
  expect(second).not.toHaveBeenCalled();
  expect(other.mock.calls).toEqual([[true]]);
  leave();
  expect(first.mock.lastCall).toEqual([false]);
  expect(second.mock.calls).toEqual([[true]]);
});

test("widgets that have loaded the module apart speak in turn, too", async () => {
  const [here, there] = [vi.fn(), vi.fn()];
  joinAnnouncers("shared", here);
  vi.resetModules();
  const again = await import("../state/announcers.ts");
  expect(again.joinAnnouncers).not.toBe(joinAnnouncers);
  again.joinAnnouncers("shared", there);
  expect(here).toHaveBeenCalledOnce();
  expect(there).not.toHaveBeenCalled();
});

test("a place in the queue is said now and then, and is never better than it is", () => {
  expect([0, 1, 2, 3, 5, 6, 12, 21, 500, 501].map(roundedUp)).toEqual([
    0, 1, 2, 5, 5, 10, 20, 50, 500, 1000,
  ]);
});
