// Elapsed times on the kernel's clock. The browser may run on another machine: the difference is
// learnt from states that arrive while we watch. A state that was there before says nothing about
// now, and the same state may be looked at again much later.

export class KernelClock {
  #ahead_s = 0;
  #known_s: number | undefined;

  /** Take note of a state that was there before we watched. */
  ignore(now_s: number): void {
    this.#known_s = now_s;
  }

  /** A state carries the kernel's time at which it was made; a new one was made just now. */
  learn(now_s: number): void {
    if (now_s === this.#known_s) return;
    this.#known_s = now_s;
    this.#ahead_s = now_s - Date.now() / 1000;
  }

  /** Seconds on the kernel's clock since a time on the kernel's clock. */
  since(time_s: number): number {
    return Math.max(0, Date.now() / 1000 + this.#ahead_s - time_s);
  }
}
