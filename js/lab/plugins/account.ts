import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette, Notification } from "@jupyterlab/apputils";
import { inginiousIcon } from "../icon.ts";
import { signIn } from "../sign_in.ts";
import { answered, notify } from "../telling.ts";
import { Commands, IInginious, PALETTE_CATEGORY } from "../tokens.ts";

export const account: JupyterFrontEndPlugin<void> = {
  id: "inginious-nb:account",
  description: "Signing in and out at the site that grades.",
  autoStart: true,
  requires: [IInginious],
  optional: [ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    { socket, language }: IInginious,
    palette: ICommandPalette | null,
  ) => {
    const { lab } = language;
    const known = () => socket.overview.get()?.account ?? null;
    app.commands.addCommand(Commands.signIn, {
      icon: inginiousIcon,
      label: lab.signInAtSite,
      isVisible: () => known() !== null,
      execute: () => signIn(socket, language),
    });
    app.commands.addCommand(Commands.signOut, {
      icon: inginiousIcon,
      label: lab.signOutAtSite,
      isVisible: () => Boolean(known()?.signed_in || known()?.refusal), // what was typed is forgotten
      execute: () => answered(lab.signOutAtSite, socket.ask("signOut", {}), language),
    });
    for (const command of [Commands.signIn, Commands.signOut])
      palette?.addItem({ command, category: PALETTE_CATEGORY });
    let told: string | null = null;
    socket.overview.subscribe(() => {
      const overview = socket.overview.get();
      app.commands.notifyCommandChanged(Commands.signIn);
      app.commands.notifyCommandChanged(Commands.signOut);
      const isOut = overview?.service.state === "signed_out";
      const site = overview?.account?.site ?? "";
      if (isOut && told === null)
        told = notify(language.say(lab.signedOut, { site }), "warning", language, {
          autoClose: false,
          actions: [
            {
              label: language.t.signIn,
              displayType: "accent",
              callback: () => void app.commands.execute(Commands.signIn),
            },
          ],
        });
      else if (!isOut && told !== null) {
        Notification.dismiss(told);
        told = null;
      }
    });
  },
};
