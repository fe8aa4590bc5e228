// Elapsed times on the kernel's clock. The browser may run on another machine: the difference is
// learnt from states that arrive while we watch (an old state says nothing about now).

export class KernelClock {
  #ahead_s = 0;

  /** A state that was made just now carries the kernel's time. */
  learn(now_s: number): void {
    this.#ahead_s = now_s - Date.now() / 1000;
  }

  now(): number {
    return Date.now() / 1000 + this.#ahead_s;
  }

  since(time_s: number): number {
    return Math.max(0, this.now() - time_s);
  }
}
