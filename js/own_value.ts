// Maps whose keys somebody else names: a problem may be called `constructor`, a result `toString`.

/** What a map itself has under a key. */
export function ownValue<T>(map: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}
