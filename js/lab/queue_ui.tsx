// The live queue, a chunk of its own.
import type { Widget } from "@lumino/widgets";
import { Queue } from "./components/Queue.tsx";
import { PreactWidget } from "./preact_widget.ts";
import type { IInginious } from "./tokens.ts";

export function queueWidget(
  { socket, language }: IInginious,
  openTask: (ref: string) => void,
): Widget {
  return new PreactWidget(<Queue socket={socket} language={language} openTask={openTask} />);
}
