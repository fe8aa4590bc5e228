// Calls a function some time after the last of many calls, and never twice at once.

export interface Debounced {
  (): void;
  /** Call it now if it was to be called: nobody waits for it any more. */
  flush(): void;
}

export function debounced(delay_ms: number, run: () => Promise<unknown>): Debounced {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running = false;
  let again = false;

  const fire = async () => {
    timer = undefined;
    if (running) {
      again = true;
      return;
    }
    running = true;
    try {
      await run();
    } finally {
      running = false;
      if (again) {
        again = false;
        schedule();
      }
    }
  };

  const schedule = () => {
    clearTimeout(timer);
    timer = setTimeout(() => void fire(), delay_ms);
  };
  const flush = () => {
    if (timer === undefined && !again) return;
    clearTimeout(timer);
    again = false;
    void run();
  };
  return Object.assign(schedule, { flush });
}
