// How long a submission has been running, on the kernel's clock, and how long it may.
import { useEffect, useState } from "preact/hooks";
import type { Language } from "../i18n/index.ts";
import type { KernelClock } from "../state/clock.ts";

const TICK_MS = 200;

interface Props {
  since: number;
  limit: number | null;
  clock: KernelClock;
  /** Whether the kernel that counted is gone. */
  frozen: boolean;
  language: Language;
}

export function Elapsed({ since, limit, clock, frozen, language }: Props) {
  const [elapsed, setElapsed] = useState(clock.since(since));
  useEffect(() => {
    if (frozen) return undefined;
    const timer = setInterval(() => setElapsed(clock.since(since)), TICK_MS);
    return () => clearInterval(timer);
  }, [since, clock, frozen]);
  const time = language.duration(elapsed);
  return (
    <>
      {limit === null
        ? time
        : language.say(language.t.elapsedOf, { time, limit: language.duration(Math.round(limit)) })}
    </>
  );
}
