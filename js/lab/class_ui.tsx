// The view of a class in an element, with its style: loaded when the first one is opened. It has its
// own copy of Preact (rspack.config.cjs), so it shares no component with the rest and no host package.
import { render } from "preact";
import { useState } from "preact/hooks";
import css from "../../inginious_nb/static/class.raw.css";
import { ClassView } from "../class/class_view.ts";
import { ClassPanel } from "../class/components/ClassPanel.tsx";
import { ClassContext } from "../class/components/context.ts";
import { ReadingForm } from "../class/components/Reading.tsx";
import { type ClassLanguage, classLanguage } from "../class/language.ts";
import type { Language } from "../i18n/index.ts";
import type { ClassInfo, ClassReading } from "../protocol/class_view.ts";
import type { RequestKind } from "../protocol/task_requests.ts";
import { Store, useStore } from "../state/store.ts";
import { RequestError, type Transport } from "../transport/transport.ts";
import type { IInginious } from "./tokens.ts";

document.head.append(Object.assign(document.createElement("style"), { textContent: css }));

/** A class that the server grades; opened again by itself when the connection comes back. */
class OpenedClass {
  readonly view: ClassView;
  /** Why the server opens none; empty while it does. */
  readonly refusal = new Store("");
  readonly #inginious: IInginious;
  readonly #folder: string;
  readonly #ended = new AbortController();
  #noIsolation = false;
  /** Null for as it was read the last time. */
  #reading: ClassReading | null = null;
  #transport: Transport | null = null;

  constructor(inginious: IInginious, folder: string) {
    this.#inginious = inginious;
    this.#folder = folder;
    const { language } = inginious;
    const { c, ...spoken } = classLanguage(language);
    const gone = `${language.lab.disconnected} ${language.lab.reconnect}`;
    const words: ClassLanguage = { ...spoken, c: { ...c, gone } };
    this.view = new ClassView(async (kind, payload) => {
      if (!this.#transport) throw new RequestError("gone");
      const { value } = await this.#transport.request(kind as RequestKind, payload as never);
      return value as never;
    }, words);
    const follow = () => {
      if (inginious.socket.state.get() === "open" && !this.#transport) void this.open();
    };
    const { signal } = this.#ended;
    signal.addEventListener("abort", inginious.socket.state.subscribe(follow), { once: true });
  }

  /** Open it, perhaps once more and in another way after a refusal. */
  async open(noIsolation = this.#noIsolation, reading = this.#reading): Promise<void> {
    this.#noIsolation = noIsolation;
    this.#reading = reading;
    this.refusal.set("");
    const { signal } = this.#ended;
    try {
      const { transport, state } = await this.#inginious.socket.open<ClassInfo>(
        {
          folder: this.#folder,
          no_isolation: noIsolation,
          tasks: reading?.tasks ?? null,
          student_from: reading?.student_from ?? null,
        },
        (changed) => this.view.receive(changed as ClassInfo),
        signal,
      );
      this.#transport = transport;
      void transport.closed.then(() => {
        this.#transport = null;
        if (!signal.aborted) this.view.end();
      });
      this.#reading = null; // the server keeps it
      this.view.begin(state as ClassInfo);
      await this.view.start(this.view.eye.get().names !== null);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      if (text !== "gone") this.refusal.set(text); // else it is opened with the connection
    }
  }

  /** How it was to be read, where that was refused. */
  get reading(): ClassReading {
    return this.#reading ?? { tasks: [], student_from: "" };
  }

  dispose(): void {
    this.#ended.abort();
  }
}

/** What the dialog that asks for the folder says. */
export function folderOfClass(spoken: Language): string {
  return classLanguage(spoken).c.folder;
}

/** Show a class in an element; returns how to end that. */
export function showClass(inginious: IInginious, folder: string, element: HTMLElement): () => void {
  const opened = new OpenedClass(inginious, folder);
  void opened.open();
  render(<Opened opened={opened} inginious={inginious} />, element);
  return () => {
    render(null, element);
    opened.dispose();
  };
}

function Opened({ opened, inginious }: { opened: OpenedClass; inginious: IInginious }) {
  const refusal = useStore(opened.refusal);
  const [trusted, setTrusted] = useState(false);
  const { lab, code } = inginious.language;
  const { c } = opened.view.language;
  if (!refusal) {
    return (
      <ClassContext.Provider value={opened.view}>
        <ClassPanel />
      </ClassContext.Provider>
    );
  }
  return (
    <section class="inginious inginious-class" lang={code} aria-label={lab.openClass}>
      <p class="inginious-notice inginious-notice-error" role="alert">
        {refusal}
      </p>
      <p>
        <label class="inginious-switch">
          <input
            type="checkbox"
            checked={trusted}
            onChange={(event) => setTrusted(event.currentTarget.checked)}
          />{" "}
          {c.noIsolation}
        </label>
      </p>
      <ReadingForm
        reading={opened.reading}
        language={opened.view.language}
        label={c.tryAgain}
        onRead={(reading) => void opened.open(trusted, reading)}
      />
    </section>
  );
}
