// The live queue, a chunk of its own.
import { SplitPanel, type Widget } from "@lumino/widgets";
import css from "../../inginious_nb/static/queue.raw.css";
import { Queue } from "./components/Queue.tsx";
import { PreactWidget } from "./preact_widget.ts";
import type { IInginious } from "./tokens.ts";

document.head.append(Object.assign(document.createElement("style"), { textContent: css }));

export function queueWidget(
  { socket, language }: IInginious,
  openTask: (ref: string) => void,
): Widget {
  return new PreactWidget(<Queue socket={socket} language={language} openTask={openTask} />);
}

/** Give the bottom of the page a height: Notebook 7 gives it none before somebody has drawn it up. */
export function giveHeight(panel: Widget): void {
  let above: Widget | null = panel;
  while (above && !(above instanceof SplitPanel)) above = above.parent;
  requestAnimationFrame(() => {
    if (panel.isVisible && !panel.node.clientHeight) above?.setRelativeSizes([3, 1]);
  });
}
