// The dialog in which a person signs in at the site. What is typed goes to the server and nowhere
// else: no state, no setting and no document of the page has it.
import { Dialog, Notification } from "@jupyterlab/apputils";
import { Widget } from "@lumino/widgets";
import css from "../../inginious_nb/static/sign-in.raw.css";
import { type SignInWords, signInWords } from "../i18n/sign_in.ts";
import type { AccountInfo, SignInRequest } from "../protocol/sign_in.ts";
import type { ServerSocket } from "../transport/server.ts";
import type { LabLanguage } from "./language.ts";
import { NOTIFICATION_MS, notify, reasonOf } from "./telling.ts";

document.head.append(Object.assign(document.createElement("style"), { textContent: css }));

/** Ask until the site takes what was typed, or the person gives up. */
export async function askSignIn(
  socket: ServerSocket,
  account: AccountInfo,
  language: LabLanguage,
): Promise<void> {
  const { say, t } = language;
  const words = signInWords(language.code);
  let { username } = account;
  let cookie = false;
  let refusal = "";
  for (;;) {
    // A notebook may sign in at another one meanwhile.
    const site = socket.overview.get()?.account?.site ?? account.site;
    // A dialog disposes of its body.
    const form = new SignInForm({ username, cookie, refusal }, words);
    const dialog = new Dialog({
      title: say(words.title, { site }),
      body: form,
      buttons: [Dialog.cancelButton({ label: t.cancel }), Dialog.okButton({ label: t.signIn })],
      focusNodeSelector: username ? "input[type=password]" : "input",
    });
    const { button } = await dialog.launch();
    const { typed, secret } = form.taken();
    if (!button.accept) return;
    ({ username, cookie } = typed);
    try {
      const { buffer } = new TextEncoder().encode(secret);
      const { connected, message } = await socket.ask("signIn", { site, ...typed }, [buffer]);
      if (!connected) tellUntilItAnswers(socket, site, message, language);
      return;
    } catch (error) {
      refusal = reasonOf(error, language);
    }
  }
}

/** Say that somebody is not signed in yet, until that is so or something else is asked for. */
function tellUntilItAnswers(
  socket: ServerSocket,
  site: string,
  message: string,
  language: LabLanguage,
): void {
  const id = notify(message, "warning", language, { autoClose: false });
  const follow = () => {
    const now = socket.overview.get()?.account;
    if (!now || (now.site === site && now.signed_in && !now.answers)) return;
    end();
    if (now.site === site && now.signed_in) {
      const { username } = now;
      const text = language.say(signInWords(language.code).signedIn, { site, username });
      Notification.update({ id, message: text, type: "success", autoClose: NOTIFICATION_MS });
    } else if (now.site === site && now.refusal)
      Notification.update({ id, message: now.refusal, type: "error", autoClose: false });
    else Notification.dismiss(id);
  };
  const end = socket.overview.subscribe(follow);
  follow(); // it may have answered meanwhile
}

interface Beginning {
  username: string;
  cookie: boolean;
  /** Why it is asked again, empty at first. */
  refusal: string;
}

class SignInForm extends Widget {
  readonly #name = input("text", "username");
  readonly #secret = input("password", "current-password");
  readonly #cookie = input("checkbox");
  readonly #keep = input("checkbox");

  constructor({ username, cookie, refusal }: Beginning, words: SignInWords) {
    super();
    this.addClass("inginious-sign-in");
    this.#name.value = username;
    this.#cookie.checked = cookie;
    const alert = document.createElement("p");
    alert.setAttribute("role", "alert");
    alert.textContent = refusal;
    alert.id = "inginious-sign-in-refusal";
    // Read out with the field that has the focus: a text that is there at first is no alert to all.
    this.#secret.setAttribute("aria-describedby", alert.id);
    const help = document.createElement("p");
    help.textContent = words.cookieHelp;
    const secretWords = document.createElement("span");
    const secretLabel = document.createElement("label");
    secretLabel.append(secretWords, this.#secret);
    const nameLabel = labelled(words.userName, this.#name);
    const keepLabel = labelled(words.keep, this.#keep);
    const choose = () => {
      const isCookie = this.#cookie.checked;
      nameLabel.hidden = keepLabel.hidden = isCookie;
      help.hidden = !isCookie;
      secretWords.textContent = isCookie ? words.cookie : words.password;
    };
    choose();
    this.#cookie.addEventListener("change", choose);
    this.node.append(
      alert,
      nameLabel,
      help,
      secretLabel,
      keepLabel,
      labelled(words.cookieInstead, this.#cookie),
    );
  }

  /** Return what was typed; the secret is then gone from the page. */
  taken(): { typed: Omit<SignInRequest, "site">; secret: string } {
    const cookie = this.#cookie.checked;
    const { value } = this.#secret;
    this.#secret.value = "";
    const username = cookie ? "" : this.#name.value;
    return { typed: { username, cookie, keep: !cookie && this.#keep.checked }, secret: value };
  }
}

function input(type: string, autocomplete: AutoFill = "off"): HTMLInputElement {
  const made = document.createElement("input");
  made.type = type;
  made.autocomplete = autocomplete;
  if (type !== "checkbox") made.className = "jp-mod-styled";
  return made;
}

function labelled(text: string, control: HTMLInputElement): HTMLLabelElement {
  const label = document.createElement("label");
  const words = document.createElement("span");
  words.textContent = text;
  if (control.type === "checkbox") label.append(control, words);
  else label.append(words, control);
  label.className = control.type === "checkbox" ? "inginious-sign-in-choice" : "";
  return label;
}
