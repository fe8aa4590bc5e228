// Signing in within the widget, where no dialog of the host can do it. What is typed goes to the
// kernel and nowhere else: no state of the widget or of a component has it.
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { signInWords } from "../i18n/sign_in.ts";
import type { AccountInfo } from "../protocol/sign_in.ts";
import { useApp } from "./context.ts";

interface Props {
  /** Called when it is over, with what is then to be said; empty if the person gave up. */
  end: (said: string) => void;
}

export function SignInForm({ end }: Props) {
  const { controller, language } = useApp();
  const { t, say } = language;
  const words = signInWords(language.code);
  const id = useId();
  const [account, setAccount] = useState<AccountInfo | null>(null);
  const [isCookie, setCookie] = useState(false);
  const [refusal, setRefusal] = useState("");
  const [isBusy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const control = (name: string) => form.current?.elements.namedItem(name) as HTMLInputElement;
  useEffect(() => {
    let current = true;
    void controller.askQuietly("account", {}).then((answer) => {
      if (!current || !answer) return;
      setAccount(answer.value);
      const name = control("username");
      if (!name || name.value) return; // somebody is typing already
      name.value = answer.value.username;
      if (name.value && document.activeElement === name) control("secret").focus();
    });
    control("username").focus();
    return () => {
      current = false;
    };
  }, [controller]);
  useEffect(() => {
    if (refusal) control("secret").focus();
  }, [refusal]);
  const site = account?.site ?? "";
  const submit = async (event: Event) => {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    setRefusal("");
    const secret = control("secret");
    const typed = {
      site,
      username: isCookie ? "" : control("username").value,
      cookie: isCookie,
      keep: !isCookie && control("keep").checked,
    };
    const answer = await controller.signIn(typed, secret.value);
    secret.value = "";
    setBusy(false);
    if (answer.signedIn) end(answer.text);
    else setRefusal(answer.text);
  };
  const giveUp = (event: KeyboardEvent) => {
    event.stopPropagation(); // the notebook has shortcuts on single keys
    if (event.key === "Escape") end("");
  };
  return (
    <form
      ref={form}
      class="inginious-sign-in-form"
      aria-labelledby={`${id}-title`}
      onSubmit={(event) => void submit(event)}
      onKeyDown={giveUp}
    >
      <p id={`${id}-title`}>
        <strong>{site ? say(words.title, { site }) : t.signIn}</strong>
      </p>
      <p role="alert" id={`${id}-refusal`} class="inginious-refusal">
        {refusal}
      </p>
      {isCookie ? (
        <p class="inginious-muted">{words.cookieHelp}</p>
      ) : (
        <label>
          {words.userName}
          <input
            class="inginious-input"
            type="text"
            name="username"
            autocomplete="username"
            autocapitalize="none"
            spellcheck={false}
            defaultValue={account?.username ?? ""}
          />
        </label>
      )}
      <label>
        {isCookie ? words.cookie : words.password}
        <input
          class="inginious-input"
          type="password"
          name="secret"
          autocomplete={isCookie ? "off" : "current-password"}
          aria-describedby={`${id}-refusal`}
        />
      </label>
      {!isCookie && (
        <label class="inginious-sign-in-choice">
          <input type="checkbox" name="keep" /> {words.keepKernel}
        </label>
      )}
      <label class="inginious-sign-in-choice">
        <input
          type="checkbox"
          checked={isCookie}
          onChange={(event) => setCookie(event.currentTarget.checked)}
        />{" "}
        {words.cookieInstead}
      </label>
      <div class="inginious-actions">
        <button type="submit" class="inginious-button inginious-primary" aria-disabled={isBusy}>
          {isBusy ? words.signingIn : t.signIn}
        </button>
        <button type="button" class="inginious-button" onClick={() => end("")}>
          {t.cancel}
        </button>
      </div>
    </form>
  );
}
