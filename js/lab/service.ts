// The connection to the server that all plugins share.
import type { JupyterFrontEnd } from "@jupyterlab/application";
import { URLExt } from "@jupyterlab/coreutils";
import type { NotebookPanel } from "@jupyterlab/notebook";
import type { Store } from "../state/store.ts";
import { ServerSocket } from "../transport/server.ts";
import { LabNotebook } from "./lab_notebook.ts";
import type { LabLanguage } from "./language.ts";
import { NotebookAnswers } from "./notebook_answers.ts";
import type { Settings } from "./settings.ts";
import { openTaskView } from "./task_view.ts";
import type { IInginious } from "./tokens.ts";

const PATH = "inginious/socket";

export function makeInginious(
  { serviceManager, shell }: JupyterFrontEnd,
  spoken: LabLanguage,
  settings: Store<Settings>,
): IInginious {
  const server = serviceManager.serverSettings;
  const socket = new ServerSocket(() => {
    const address = URLExt.join(server.wsUrl, PATH);
    const token = server.appendToken && server.token;
    const query = token ? `?token=${encodeURIComponent(token)}` : "";
    return new server.WebSocket(address + query);
  });
  socket.state.subscribe(() => {
    if (socket.state.get() === "open")
      void socket.ask("lang", { lang: spoken.code }).catch(() => {});
  });
  const known = new WeakMap<NotebookPanel, NotebookAnswers>();
  const answers = (panel: NotebookPanel) => {
    let found = known.get(panel);
    if (!found) {
      found = new NotebookAnswers(new LabNotebook(panel, shell), socket, (task, notebook, signal) =>
        openTaskView(socket, task, notebook, spoken, signal),
      );
      known.set(panel, found);
    }
    return found;
  };
  return {
    socket,
    language: spoken,
    settings,
    answers,
    open: (task, panel, signal) =>
      openTaskView(socket, task, panel && answers(panel).notebook, spoken, signal),
  };
}
