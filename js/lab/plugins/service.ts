import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { Notification } from "@jupyterlab/apputils";
import { ITranslator } from "@jupyterlab/translation";
import { version } from "../../../package.json";
import { makeInginious } from "../service.ts";
import { IInginious } from "../tokens.ts";

export const service: JupyterFrontEndPlugin<IInginious> = {
  id: "inginious-nb:service",
  description: "Connects to the person's courses, submissions and grading service on the server.",
  autoStart: true,
  provides: IInginious,
  optional: [ITranslator],
  activate: async (app: JupyterFrontEnd, translator: ITranslator | null) => {
    const { serverSettings } = app.serviceManager;
    const inginious = await makeInginious(serverSettings, translator?.languageCode ?? "default");
    void app.restored.then(() => inginious.socket.start());
    warnOfOtherVersion(inginious);
    return inginious;
  },
};

/** A page that was open while the package was upgraded, or that a cache kept. */
function warnOfOtherVersion({ socket, language }: IInginious): void {
  const stop = socket.overview.subscribe(() => {
    const server = socket.overview.get()?.version;
    if (server === undefined) return;
    stop();
    if (server === version) return;
    const text = language.say(language.lab.otherVersion, { page: version, server });
    Notification.warning(text, { autoClose: false });
  });
}
