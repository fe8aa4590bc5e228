// When the page has time again: whatever nobody waits for at its start comes then.
import type { JupyterFrontEnd } from "@jupyterlab/application";

const MAX_WAIT_MS = 2000;
const WITHOUT_IDLE_MS = 200; // Safari does not tell when it is idle

/** Resolve once what was open is open again and the page is idle. */
export async function settled(app: JupyterFrontEnd): Promise<void> {
  await app.restored;
  await new Promise<void>((done) => {
    if ("requestIdleCallback" in globalThis)
      requestIdleCallback(() => done(), { timeout: MAX_WAIT_MS });
    else setTimeout(done, WITHOUT_IDLE_MS);
  });
}
