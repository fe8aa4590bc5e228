import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette } from "@jupyterlab/apputils";
import { IStatusBar } from "@jupyterlab/statusbar";
import { Widget } from "@lumino/widgets";
import { ownValue } from "../../own_value.ts";
import type { Overview } from "../../protocol/overview.ts";
import { told } from "../guided.ts";
import { inginiousIcon } from "../icon.ts";
import { type LabLanguage, titled } from "../language.ts";
import { LazyItem } from "../lazy_item.ts";
import { Commands, IInginious, PALETTE_CATEGORY } from "../tokens.ts";

const QUEUE_ID = "inginious-queue";
const NAME = "INGInious";

export const queue: JupyterFrontEndPlugin<void> = {
  id: "inginious-nb:queue",
  description: "The live queue: what waits or runs, and a way to stop it.",
  autoStart: true,
  requires: [IInginious],
  optional: [ICommandPalette],
  activate: (app: JupyterFrontEnd, inginious: IInginious, palette: ICommandPalette | null) => {
    const { lab } = inginious.language;
    let panel: LazyItem | null = null;
    app.commands.addCommand(Commands.showQueue, {
      label: lab.showQueue,
      icon: inginiousIcon,
      execute: told(inginious, async () => {
        await import("../ui.tsx"); // the style of all that is shown
        const { giveHeight, queueWidget } = await import(
          /* webpackChunkName: "queue" */ "../queue_ui.tsx"
        );
        if (!panel || panel.isDisposed) {
          panel = new LazyItem();
          panel.id = QUEUE_ID;
          panel.addClass("inginious-queue-panel");
          panel.title.label = titled(lab.queue, inginious.language);
          panel.title.icon = inginiousIcon;
          panel.title.closable = true;
          panel.fill(
            queueWidget(inginious, (ref) => void app.commands.execute(Commands.openTask, { ref })),
          );
          app.shell.add(panel, "down");
        }
        app.shell.activateById(QUEUE_ID);
        giveHeight(panel);
      }),
    });
    palette?.addItem({ command: Commands.showQueue, category: PALETTE_CATEGORY });
  },
};

export const status: JupyterFrontEndPlugin<void> = {
  id: "inginious-nb:status",
  description: "How many submissions are under way, in the status bar; a click opens the queue.",
  autoStart: true,
  requires: [IInginious],
  optional: [IStatusBar],
  activate: (app: JupyterFrontEnd, inginious: IInginious, bar: IStatusBar | null) => {
    if (!bar) return;
    const { socket, language } = inginious;
    const { lab } = language;
    const item = new Widget();
    item.addClass("jp-mod-highlighted");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "jp-StatusBar-TextItem";
    button.style.cssText = "border: 0; background: none; color: inherit; cursor: pointer";
    button.onclick = () => void app.commands.execute(Commands.showQueue);
    item.node.append(button);
    const update = () => {
      const overview = socket.overview.get();
      const isLost = socket.state.get() === "lost";
      button.textContent = isLost ? lab.stateLost : overview ? standing(overview, language) : NAME;
      button.title = [overview?.service.message, lab.showQueue].filter(Boolean).join("\n");
    };
    socket.overview.subscribe(update);
    socket.state.subscribe(update);
    update();
    bar.registerStatusItem("inginious-nb:status", { item, align: "left", rank: 20 });
  },
};

/** Where answers are graded, and how that stands: what is under way, else the service. */
function standing({ pending, service }: Overview, { t, lab, say }: LabLanguage): string {
  const running = pending.filter((row) => row.elsewhere || row.phase === "running").length;
  const waiting = pending.length - running;
  const facts: string[] = [];
  if (running) facts.push(say(lab.running, { n: running }));
  if (waiting) facts.push(say(lab.waiting, { n: waiting }));
  if (!facts.length) {
    const isReady = service.state === "idle" || service.state === "connected";
    facts.push(isReady ? lab.ready : (ownValue(t.service, service.state) ?? service.state));
  }
  const where = service.kind === "embedded" ? lab.stateOn.embedded : lab.stateOn.remote;
  return say(where, { state: facts.join(", ") });
}
