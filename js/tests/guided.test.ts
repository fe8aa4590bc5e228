import { expect, test, vi } from "vitest";
import { guidedAt } from "../lab/guided.ts";
import { Store } from "../state/store.ts";

vi.mock("../lab/telling.ts", () => ({ showRefusal: () => expect.fail("It was refused.") }));
vi.mock("../lab/guidance.ts", () => ({}));

test("a command is about what was looked at when it was given", async () => {
  const socket = { state: new Store("connecting"), overview: new Store<object | null>(null) };
  let active = "one";
  const asked: string[] = [];
  const done: string[] = [];
  const execute = guidedAt(
    { commands: {} } as never,
    { socket, language: { lab: {} } } as never,
    () => active,
    async (place) => {
      asked.push(place);
      active = "three";
      return null;
    },
    (place) => done.push(place),
  );
  const executed = execute({});
  active = "two"; // the person goes on before the server has answered
  socket.overview.set({});
  await executed;
  expect([asked, done]).toEqual([["one"], ["one"]]);
});
