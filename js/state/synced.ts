// State that Python owns: a read-only copy of the widget's traits. Nothing here is ever written
// back; what only the eye needs lives in local.ts.
import type { Model } from "../model.ts";
import { STATE_KEYS, type WidgetState } from "../protocol/task.ts";
import { Store } from "./store.ts";

export function syncedState(model: Model, signal: AbortSignal): Store<WidgetState> {
  const read = () =>
    Object.fromEntries(STATE_KEYS.map((key) => [key, model.get(key)])) as unknown as WidgetState;
  const store = new Store(read());
  // One event a message from the kernel, however many traits it carries.
  const changed = () => store.set(read());
  model.on("change", changed);
  signal.addEventListener("abort", () => model.off("change", changed), { once: true });
  return store;
}
