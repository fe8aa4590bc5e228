// Who says something to a screen reader. A page may show many views of one task, each of which knows
// the same; of those that would say it, the first does, and the next one when that is gone.

type Tell = (speaks: boolean) => void;

/** Every widget loads this module anew (anywidget), so what they share hangs on the page. */
const ANNOUNCERS = Symbol.for("inginious-nb.announcers");
const page = globalThis as { [ANNOUNCERS]?: Map<string, Tell[]> };

/** Wait to speak about a topic; `tell` hears when it is our turn. Call what is returned to leave. */
export function joinAnnouncers(topic: string, tell: Tell): () => void {
  page[ANNOUNCERS] ??= new Map();
  const topics = page[ANNOUNCERS];
  const queue = topics.get(topic) ?? [];
  topics.set(topic, queue);
  queue.push(tell);
  if (queue[0] === tell) tell(true);
  return () => {
    const wasFirst = queue[0] === tell;
    queue.splice(queue.indexOf(tell), 1);
    tell(false);
    if (wasFirst) queue[0]?.(true);
    if (!queue.length) topics.delete(topic);
  };
}

/** A number that is not smaller, and that changes now and then while the other goes down. */
export function roundedUp(count: number): number {
  for (let ten = 1; ; ten *= 10) {
    for (const step of [ten, 2 * ten, 5 * ten]) if (count <= step) return count === 0 ? 0 : step;
  }
}
