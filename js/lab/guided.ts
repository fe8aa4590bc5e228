// Commands that are never silent: where something is missing, they say what to do first.
import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { ReadonlyPartialJSONObject } from "@lumino/coreutils";
import type { Lack } from "./guidance.ts";
import { showRefusal } from "./telling.ts";
import { type IInginious, PALETTE_CATEGORY } from "./tokens.ts";

type Args = ReadonlyPartialJSONObject;

const loadGuidance = () => import(/* webpackChunkName: "dialogs" */ "./guidance.ts");

/** What a command executes: `run`, unless the server or what `lack` names is missing. */
export function guided(
  { commands }: JupyterFrontEnd,
  inginious: IInginious,
  lack: (args: Args) => Lack | null | Promise<Lack | null>,
  run: (args: Args) => unknown,
): (args: Args) => Promise<void> {
  return told(inginious, async (args) => {
    if (!(await isServed(inginious))) throw new Error("gone");
    const missing = await lack(args);
    if (missing === null) await run(args);
    else (await loadGuidance()).guide(commands, inginious.language, missing);
  });
}

/**
 * The same of a command about what is looked at: `place` says what that is when the command is given,
 * and no other is meant when the server has answered and the person has gone on.
 */
export function guidedAt<Place>(
  app: JupyterFrontEnd,
  inginious: IInginious,
  place: (args: Args) => Place,
  lack: (place: Place) => Lack | null | Promise<Lack | null>,
  run: (place: Place) => unknown,
): (args: Args) => Promise<void> {
  return (args) => {
    const given = place(args);
    const execute = guided(
      app,
      inginious,
      () => lack(given),
      () => run(given),
    );
    return execute(args);
  };
}

/** What a command executes that needs nothing at first: where `run` fails, that is told. */
export function told(
  { socket, language }: IInginious,
  run: (args: Args) => unknown,
): (args: Args) => Promise<void> {
  return async (args) => {
    try {
      await run(args);
    } catch (error) {
      const { notConnected, notConnectedHelp } = language.lab;
      // Without the server, what is loaded on demand is missing, too.
      if (socket.state.get() === "lost")
        await showRefusal(notConnected, socket.refusal.get() || notConnectedHelp, language);
      else await showRefusal(PALETTE_CATEGORY, error, language);
    }
  };
}

/** Whether the server answers, once that is known. */
function isServed({ socket }: IInginious): Promise<boolean> {
  return new Promise((resolve) => {
    const ends: (() => void)[] = [];
    const look = () => {
      const isLost = socket.state.get() === "lost";
      if (!isLost && !socket.overview.get()) return;
      for (const end of ends) end();
      resolve(!isLost);
    };
    ends.push(socket.state.subscribe(look), socket.overview.subscribe(look));
    look();
  });
}
