// A class that the server grades, for as long as its view is open.
import { ClassView } from "../class/class_view.ts";
import { type ClassLanguage, classLanguage } from "../class/language.ts";
import type { ClassInfo, ClassReading } from "../protocol/class_view.ts";
import type { RequestKind } from "../protocol/task_requests.ts";
import { Store } from "../state/store.ts";
import { RequestError, type Transport } from "../transport/transport.ts";
import type { IInginious } from "./tokens.ts";

/** A class that the server grades; opened again by itself when the connection comes back. */
export class OpenedClass {
  readonly view: ClassView;
  /** Why the server opens none; empty while it does. */
  readonly refusal = new Store("");
  readonly #inginious: IInginious;
  readonly #folder: string;
  readonly #unsubscribe: () => void;
  #noIsolation = false;
  /** Null for as it was read the last time. */
  #reading: ClassReading | null = null;
  #transport: Transport | null = null;
  /** Ends what opens it, or has it open. */
  #opening: AbortController | null = null;

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
      if (inginious.socket.state.get() === "open" && !this.#opening) void this.open();
    };
    this.#unsubscribe = inginious.socket.state.subscribe(follow);
  }

  /** Open it, perhaps once more and in another way after a refusal. */
  async open(noIsolation = this.#noIsolation, reading = this.#reading): Promise<void> {
    this.#noIsolation = noIsolation;
    this.#reading = reading;
    this.refusal.set("");
    this.#opening?.abort();
    const opening = new AbortController();
    this.#opening = opening;
    try {
      const { transport, state } = await this.#inginious.socket.open<ClassInfo>(
        {
          folder: this.#folder,
          no_isolation: noIsolation,
          tasks: reading?.tasks ?? null,
          student_from: reading?.student_from ?? null,
        },
        (changed) => this.view.receive(changed as ClassInfo),
        opening.signal,
      );
      this.#transport = transport;
      void transport.closed.then(() => {
        if (this.#opening !== opening) return; // it was opened in another way, or disposed of
        this.#opening = null;
        this.view.end();
      });
      this.#reading = null; // the server keeps it
      this.view.begin(state as ClassInfo);
      await this.view.start(this.view.eye.get().names !== null);
    } catch (error) {
      if (this.#opening === opening) this.#opening = null;
      const text = error instanceof Error ? error.message : String(error);
      if (text !== "gone") this.refusal.set(text); // else it is opened with the connection
    }
  }

  /** How it was to be read, where that was refused. */
  get reading(): ClassReading {
    return this.#reading ?? { tasks: [], student_from: "" };
  }

  dispose(): void {
    this.#unsubscribe();
    this.#opening?.abort();
    this.#opening = null;
  }
}
