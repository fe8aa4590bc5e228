// Opens the dialog in which a person signs in at the site, if the server knows of one.
import type { ServerSocket } from "../transport/server.ts";
import type { LabLanguage } from "./language.ts";

export async function signIn(socket: ServerSocket, language: LabLanguage): Promise<void> {
  const account = socket.overview.get()?.account;
  if (!account) return;
  const { askSignIn } = await import(/* webpackChunkName: "sign-in" */ "./sign_in_dialog.ts");
  await askSignIn(socket, account, language);
}
