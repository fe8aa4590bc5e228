import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ISettingRegistry } from "@jupyterlab/settingregistry";
import { ITranslator } from "@jupyterlab/translation";
import { loadLanguage } from "../language.ts";
import { isSameVersion, ownVersion } from "../own_version.ts";
import { makeInginious } from "../service.ts";
import { followSettings, translateSettings } from "../settings.ts";
import { settled } from "../settled.ts";
import { NOTIFICATION_MS, notify } from "../telling.ts";
import { IInginious } from "../tokens.ts";

export const service: JupyterFrontEndPlugin<IInginious> = {
  id: "inginious-nb:service",
  description: "Connects to the person's courses, submissions and grading service on the server.",
  autoStart: true,
  provides: IInginious,
  optional: [ITranslator, ISettingRegistry],
  activate: async (
    app: JupyterFrontEnd,
    translator: ITranslator | null,
    registry: ISettingRegistry | null,
  ) => {
    const language = await loadLanguage(translator?.languageCode ?? "default");
    if (registry) translateSettings(registry, service.id, language.settings);
    const settings = followSettings(registry, service.id);
    const inginious = makeInginious(app, language, settings);
    void settled(app).then(() => inginious.socket.start());
    warnOfOtherVersion(inginious);
    keepCoursesOpen(inginious);
    return inginious;
  },
};

/** A page that a cache kept, or that is older or newer than the server: one of them was not started again. */
function warnOfOtherVersion({ socket, language }: IInginious): void {
  const page = ownVersion();
  let known = page;
  socket.overview.subscribe(() => {
    const server = socket.overview.get()?.version ?? known;
    if (server === known) return;
    known = server;
    if (isSameVersion(server, page)) return;
    const text = language.say(language.lab.otherVersion, { page, server });
    notify(text, "warning", language, { autoClose: false });
  });
}

/** Open the courses of the settings, with each connection and when they change. */
function keepCoursesOpen({ socket, settings, language }: IInginious): void {
  let told = "";
  const open = async () => {
    const folders = settings.get().courseFolders.filter(Boolean); // one is made empty
    if (!folders.length || socket.state.get() !== "open") return;
    const { refused } = await socket.ask("courseFolders", { folders });
    const text = refused.join("\n");
    if (text && text !== told) notify(text, "warning", language, { autoClose: NOTIFICATION_MS });
    told = text;
  };
  const openSoon = () => void open().catch(() => {}); // the next connection does
  settings.subscribe(openSoon);
  socket.state.subscribe(openSoon);
}
