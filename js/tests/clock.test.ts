import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { KernelClock } from "../state/clock.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});

afterEach(() => {
  vi.useRealTimers();
});

test("elapsed time is that of the kernel, whose clock may be another", () => {
  const clock = new KernelClock();
  clock.learn(5000);
  vi.advanceTimersByTime(2500);
  expect(clock.since(5000)).toBeCloseTo(2.5);
});

test("an old state that is looked at again does not turn the clock back", () => {
  const clock = new KernelClock();
  clock.learn(5000);
  vi.advanceTimersByTime(60_000);
  clock.learn(5000);
  expect(clock.since(5000)).toBeCloseTo(60);
});

test("a state from before a reload teaches nothing", () => {
  const clock = new KernelClock();
  clock.ignore(400);
  clock.learn(400);
  expect(clock.since(990)).toBeCloseTo(10);
});

test("time does not run backwards", () => {
  expect(new KernelClock().since(2000)).toBe(0);
});
