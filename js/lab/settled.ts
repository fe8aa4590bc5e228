// When the page has time again: whatever nobody waits for at its start comes then.
import type { JupyterFrontEnd } from "@jupyterlab/application";

const MAX_WAIT_MS = 2000;
const WITHOUT_IDLE_MS = 200; // Safari does not tell when it is idle

let once: Promise<void> | null = null;

/** Resolve once the person sees what was open, or the launcher, and the page is idle. */
export function settled(app: JupyterFrontEnd): Promise<void> {
  once ??= settle(app);
  return once;
}

async function settle({ restored, shell }: JupyterFrontEnd): Promise<void> {
  await restored;
  // In between the page waits for kernels, and is idle before there is anything to see.
  const late = new Promise((done) => setTimeout(done, MAX_WAIT_MS));
  await Promise.race([late, filled(shell).then(painted)]);
  await new Promise<void>((done) => {
    if ("requestIdleCallback" in globalThis)
      requestIdleCallback(() => done(), { timeout: MAX_WAIT_MS });
    else setTimeout(done, WITHOUT_IDLE_MS);
  });
}

/** Resolve once something stands in the main area. */
function filled(shell: JupyterFrontEnd.IShell): Promise<void> {
  return new Promise((done) => {
    const look = () => {
      if (!shell.currentWidget) return;
      shell.currentChanged?.disconnect(look);
      done();
    };
    shell.currentChanged?.connect(look);
    look();
  });
}

function painted(): Promise<void> {
  return new Promise((done) => {
    requestAnimationFrame(() => requestAnimationFrame(() => done()));
  });
}
