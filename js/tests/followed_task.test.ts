import { expect, test } from "vitest";
import { FollowedTask } from "../lab/followed_task.ts";
import { Store } from "../state/store.ts";

test("a task that was refused beside another notebook is opened once the server is back", async () => {
  const state = new Store("open");
  const overview = new Store<unknown>({});
  let view: object | null = { number: 1 };
  let follow = () => {};
  const tracker = {
    currentWidget: { number: 1 },
    currentChanged: {
      connect: (slot: () => void, followed: FollowedTask) => {
        follow = () => slot.call(followed);
      },
    },
  };
  const inginious = {
    socket: { state, overview, tasks: [{ ref: "c/t" }] },
    language: { lab: { gone: "The server is gone." } },
    open: async () => view ?? Promise.reject(new Error("gone")),
    answers: () => ({ notebook: null }),
  };
  const settled = () => new Promise((resolve) => setTimeout(resolve));
  const followed = new FollowedTask(inginious as never, "c/t", tracker as never);
  await settled();
  expect(followed.state.get()).toMatchObject({ view: { number: 1 }, error: "" });

  state.set("lost");
  view = null;
  tracker.currentWidget = { number: 2 };
  follow();
  await settled();
  expect(followed.state.get().error).toBe("The server is gone.");

  view = { number: 2 };
  state.set("open");
  await settled();
  expect(followed.state.get()).toMatchObject({ view: { number: 2 }, error: "" });
});
