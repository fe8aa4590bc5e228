// A value and those who watch it: all the state management there is.
import { useEffect, useReducer, useState } from "preact/hooks";

export class Store<T> {
  #value: T;
  readonly #watchers = new Set<() => void>();

  constructor(value: T) {
    this.#value = value;
  }

  get(): T {
    return this.#value;
  }

  set(value: T): void {
    if (value === this.#value) return;
    this.#value = value;
    // One may end what another watches for.
    for (const watcher of [...this.#watchers]) if (this.#watchers.has(watcher)) watcher();
  }

  /** Change some parts; whoever watches hears of it only if one is another now. */
  update(changes: Partial<T>): void {
    const keys = Object.keys(changes) as (keyof T)[];
    if (keys.some((key) => changes[key] !== this.#value[key]))
      this.set({ ...this.#value, ...changes });
  }

  subscribe(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }
}

/** Returns what has a component rendered again, for a change that no store tells of. */
export function useRenderAgain(): () => void {
  return useReducer<number, void>((count) => count + 1, 0)[1];
}

/** Render again whenever the store changes. */
export function useStore<T>(store: Store<T>): T {
  const [value, setValue] = useState(store.get());
  useEffect(() => {
    const take = () => setValue(() => store.get());
    take(); // it may have changed between render and effect
    return store.subscribe(take);
  }, [store]);
  return value;
}
