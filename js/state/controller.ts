// What the widget does, without how it looks: components call these methods and render the two
// stores. One controller per widget model, shared by all its views.
import { answeringCells } from "../notebook/answering_cells.ts";
import type { Notebook } from "../notebook/notebook.ts";
import type { Asked } from "../notebook/pages.ts";
import { htmlOf } from "../notebook/saved_views.ts";
import { ownValue } from "../own_value.ts";
import type { SignInRequest } from "../protocol/sign_in.ts";
import type {
  Draft,
  FrontEndRequest,
  Phase,
  PreviewAnswer,
  ProblemInfo,
  SubmissionInfo,
  WidgetState,
} from "../protocol/task.ts";
import type {
  CellInfo,
  RawAnswer,
  Replies,
  RequestKind,
  Requests,
  SubmitRequest,
} from "../protocol/task_requests.ts";
import { resultOf, showsResult, snapshotClass } from "../snapshot.ts";
import type { Transport } from "../transport/index.ts";
import type { Answer } from "../transport/transport.ts";
import { type Failure, RequestError } from "../transport/transport.ts";
import { choiceText } from "./choices.ts";
import { KernelClock } from "./clock.ts";
import { type Debounced, debounced } from "./debounced.ts";
import { filesChosen, hearWhatIsEntered, THIS_PAGE, tellWhatIsEntered } from "./entered_here.ts";
import { type Entry, initialLocalState, isFileEntry, type LocalState } from "./local.ts";
import { submitting } from "./own_submissions.ts";
import { Store } from "./store.ts";

const PREVIEW_DELAY_MS = 400;
const DRAFT_DELAY_MS = 150;
/** So long the page that ran a command may take before another one of the document answers. */
const OTHER_PAGE_DELAY_MS = 1000;
/** A free kernel answers within a few milliseconds. */
const WAITING_NOTICE_DELAY_MS = 500;

export interface Parts {
  synced: Store<WidgetState>;
  transport: Promise<Transport>;
  notebook: Notebook | null;
  /** How far a request for the live cells is this page's to answer. */
  isAsked?: (request: FrontEndRequest, notebook: Notebook | null) => Asked;
  /** Where drafts are kept: of a page with several kernels, which one. */
  kernelId?: string;
  lang: string;
  signal: AbortSignal;
}

export class Controller {
  readonly synced: Store<WidgetState>;
  readonly local = new Store<LocalState>(initialLocalState);
  readonly clock = new KernelClock();
  readonly lang: string;
  readonly #kernelId: string;
  #transport: Promise<Transport>;
  /** The same, once it is there: what is asked is then sent before anything is drawn. */
  #ready: Transport | null = null;
  readonly #signal: AbortSignal;
  readonly #isAsked: NonNullable<Parts["isAsked"]>;
  #notebook: Notebook | null = null;
  #left = new AbortController();
  readonly #draftSenders = new Map<string, Debounced>();
  readonly #seenDrafts = new Map<string, Draft>();
  #answeredRequest = "";
  #isInConsole = false;
  #keptResult = "";
  #isReading = false;
  #lookers = 0;
  #previewIsDue = false;
  readonly #previewSoon = debounced(PREVIEW_DELAY_MS, () => this.#preview());
  readonly #keepResultSoon = debounced(PREVIEW_DELAY_MS, () => this.#keepResult());

  constructor({ synced, transport, notebook, isAsked, kernelId = "", lang, signal }: Parts) {
    this.synced = synced;
    this.lang = lang;
    this.#kernelId = kernelId;
    this.#transport = transport;
    void transport.then((ready) => {
      if (this.#transport === transport) this.#ready = ready;
    });
    this.#signal = signal;
    this.#isAsked = isAsked ?? (() => "first");
    const before = synced.get();
    if (before.submission) this.clock.ignore(before.submission.now);
    this.#takeOver();
    hearWhatIsEntered((...told) => this.#hear(...told), signal);
    let lastPhase = "";
    let { student } = before;
    const watch = () => {
      const { submission } = synced.get();
      if (synced.get().student !== student) {
        student = synced.get().student;
        this.#takeOver();
      }
      if (submission) this.clock.learn(submission.now);
      this.#takeDrafts();
      this.#answerRequest();
      // "Changed since" depends on what was submitted, and sentences on the language.
      const phase = `${submission?.id} ${submission?.phase} ${synced.get().lang} ${student}`;
      if (phase !== lastPhase) this.preview();
      lastPhase = phase;
    };
    signal.addEventListener("abort", synced.subscribe(watch), { once: true });
    signal.addEventListener("abort", () => this.#left.abort(), { once: true });
    globalThis.addEventListener?.("pagehide", this.#flush, { signal });
    signal.addEventListener("abort", this.#flush, { once: true });
    if (notebook) this.#follow(notebook);
  }

  get notebook(): Notebook | null {
    return this.#notebook;
  }

  /** The view that is used stands in this notebook: its cells answer, and no other one's. */
  enterNotebook(notebook: Notebook): void {
    if (this.#signal.aborted || notebook.is(this.#notebook)) return;
    this.#follow(notebook);
    this.preview();
    this.#answerRequest();
  }

  /** The view stands in a console beside the notebook: whoever gives a command there means its cells. */
  enterConsole(): void {
    this.#isInConsole = true;
    this.#answerRequest();
  }

  #follow(notebook: Notebook): void {
    this.#left.abort();
    this.#left = new AbortController();
    this.#notebook = notebook;
    notebook.onChange(() => this.preview(), this.#left.signal);
  }

  /** Begin to talk to the kernel. */
  start(): void {
    if (this.lang !== this.synced.get().lang) void this.askQuietly("lang", { lang: this.lang });
    this.local.update({ elsewhere: this.#hasResultFromElsewhere() });
    this.preview();
    this.#answerRequest();
  }

  #hasResultFromElsewhere(): boolean {
    const { key, history } = this.synced.get();
    if (history.length) return false;
    const outputs = this.notebook?.outputs().flat() ?? [];
    return outputs
      .map(htmlOf)
      .some((html) => html.includes(snapshotClass(key)) && resultOf(html) !== "");
  }

  // ---- the kernel's life --------------------------------------------------------------------

  /** The kernel is gone: what is shown stays, nothing can be asked. */
  disconnect(): void {
    if (this.local.get().disconnected) return;
    this.local.update({ disconnected: true, pending: new Set() });
    void this.#transport.then((transport) => transport.close());
  }

  /** Another kernel serves this view: go on with its state, and with what was entered here. */
  reconnect(transport: Transport, state: Partial<WidgetState>): void {
    this.#transport = Promise.resolve(transport);
    this.#ready = transport;
    this.local.update({ disconnected: false, notice: null });
    const entered = Object.keys(this.local.get().entries);
    for (const problemId of entered) {
      const draft = ownValue(state.drafts ?? {}, problemId);
      if (draft) this.#seenDrafts.set(problemId, draft); // ours is newer
    }
    this.synced.update(state);
    for (const problemId of entered) this.#sendDraft(problemId);
    this.start();
  }

  // ---- submitting ---------------------------------------------------------------------------

  /** Whether a submission is under way, here or in another view. */
  get busy(): boolean {
    const { submission } = this.synced.get();
    const { pending } = this.local.get();
    const isAsked = this.#isReading || pending.has("submit") || pending.has("resubmit");
    return isAsked || isActive(submission);
  }

  async submit(options: { submission?: string; debug?: boolean | "ssh" } = {}): Promise<void> {
    if (this.local.get().disconnected || (this.busy && !options.submission)) return;
    this.#isReading = true;
    const entered = await this.#entered()
      .catch((error) => this.#refuse(error))
      .finally(() => {
        this.#isReading = false;
      });
    if (!entered) return;
    const { answers, buffers } = entered;
    const cells = this.#cells(options.submission !== undefined);
    const notebook = this.notebook?.localPath ?? "";
    const request = { cells, answers, notebook, ...this.#magics(), ...options };
    await submitting(this.ask("submit", request, buffers), this.#path, options.submission);
  }

  /** Decide about lines that only IPython runs: leave them out, or send them as they are. */
  chooseMagics(magics: LocalState["magics"]): void {
    this.local.update({ magics, notice: null });
    this.preview();
  }

  #magics(): Pick<SubmitRequest, "magics"> {
    const { magics } = this.local.get();
    return magics ? { magics } : {};
  }

  async resubmit(submission: string): Promise<void> {
    if (!this.busy) await submitting(this.ask("resubmit", { submission }), this.#path);
  }

  get #path(): string {
    return this.notebook?.path ?? "";
  }

  async kill(): Promise<void> {
    const { submission } = this.synced.get();
    if (submission) await this.ask("kill", { submission: submission.id });
  }

  /** What would be sent may have changed: ask soon if somebody looks at it, else when they do. */
  preview(): void {
    this.#previewIsDue = true;
    if (this.#lookers > 0) this.#previewSoon();
    this.#keepResultSoon();
  }

  /** What would be sent is in sight; call what is returned when it no longer is. */
  look(): () => void {
    this.#lookers += 1;
    if (this.#previewIsDue) this.#previewSoon();
    return () => {
      this.#lookers -= 1;
    };
  }

  async #preview(): Promise<void> {
    if (this.#signal.aborted || this.local.get().disconnected || this.#lookers === 0) return;
    this.#previewIsDue = false;
    const { entries: asked } = this.local.get();
    const answers = Object.fromEntries(
      Object.entries(asked).map(([id, entry]) => [id, described(entry)]),
    );
    const request = { cells: this.#cells(false), answers, ...this.#magics() };
    const reply = await this.askQuietly("preview", request);
    if (!reply) return;
    const { answers: found } = reply.value;
    const preview = Object.fromEntries(found.map((answer) => [answer.problem_id, answer]));
    const entries = { ...this.local.get().entries };
    for (const answer of found) {
      // What was chosen went into the cell, which is the answer from now on.
      const isKnown = entries[answer.problem_id] === asked[answer.problem_id];
      if (isKnown && this.#cellAnswers(answer)) delete entries[answer.problem_id];
    }
    this.local.update({ preview, entries });
  }

  /**
   * Keep the static snapshot in the notebook up to date. Python does it by itself, except after
   * the page was reloaded, when the host no longer knows which output it was.
   */
  async #keepResult(): Promise<void> {
    if (this.#signal.aborted || this.local.get().disconnected) return;
    const { key, lang, result, problem_id: problem } = this.synced.get();
    const wanted = `${result?.submission} ${lang}`;
    if (!this.notebook || !result || wanted === this.#keptResult) return;
    const isCurrent = (html: string) => showsResult(html, result.submission, lang);
    const done = await this.notebook.updateOutputs(snapshotClass(key), isCurrent, async () => {
      const reply = await this.askQuietly("snapshot", { key, problem });
      return reply?.value ?? null;
    });
    if (done) this.#keptResult = wanted; // else with the next change
  }

  // ---- what is entered ----------------------------------------------------------------------

  enter(problemId: string, value: Entry): void {
    const inCell = this.#writeIntoCell(problemId, value);
    this.#take(problemId, value);
    this.local.update({ notice: null });
    if (inCell) return;
    tellWhatIsEntered(this.#answers, problemId, value);
    if (!isFileEntry(value)) this.#sendDraft(problemId);
  }

  /** Take back what was entered; what a cell says is the answer again, if one does. */
  remove(problemId: string): void {
    this.local.update({ notice: null });
    tellWhatIsEntered(this.#answers, problemId, null);
  }

  /** Keep what nobody will wait for any more: this view is closed, or its page is. */
  readonly #flush = () => {
    for (const send of this.#draftSenders.values()) send.flush();
  };

  /** Views with the same are of one student's answers to one task. */
  get #answers(): string {
    const { task, student } = this.synced.get();
    return [this.#kernelId, task?.ref, student].join();
  }

  #hear(answers: string, problemId: string, entry: Entry | null): void {
    if (answers !== this.#answers) return;
    this.#take(problemId, entry);
    if (this.local.get().notice?.problemId === problemId) this.local.update({ notice: null });
  }

  #take(problemId: string, entry: Entry | null): void {
    const { [problemId]: _before, ...others } = this.local.get().entries;
    this.local.update({ entries: entry === null ? others : { ...others, [problemId]: entry } });
    this.preview();
  }

  /** Where a cell gives the answer, the control is another view of it and changes the cell. */
  #writeIntoCell(problemId: string, value: Entry): boolean {
    const preview = ownValue(this.local.get().preview, problemId);
    const problem = this.#problem(problemId);
    if (preview?.kind !== "cell" || !problem || !this.notebook) return false;
    if (typeof value !== "string" && !Array.isArray(value)) return false;
    const text =
      problem.type === "multiple_choice" ? choiceText(problem, value) : [value].flat().join("\n");
    this.notebook.setAnswer(preview.cell_ids, text);
    return true;
  }

  /** Whether a control shows what a cell says. What was written in an editor is kept beside it. */
  #cellAnswers({ problem_id, kind }: PreviewAnswer): boolean {
    const type = this.#problem(problem_id)?.type;
    return kind === "cell" && (type === "multiple_choice" || type === "match");
  }

  #problem(problemId: string): ProblemInfo | undefined {
    return this.synced.get().task?.problems.find(({ id }) => id === problemId);
  }

  #sendDraft(problemId: string): void {
    let send = this.#draftSenders.get(problemId);
    if (!send) {
      send = debounced(DRAFT_DELAY_MS, async () => {
        const value = ownValue(this.local.get().entries, problemId);
        if (value === undefined || isFileEntry(value)) return;
        await this.askQuietly("draft", { problem: problemId, value, by: THIS_PAGE });
      });
      this.#draftSenders.set(problemId, send);
    }
    send();
  }

  /** Show what was entered in other views of the task; ours comes back too, and is known. */
  #takeDrafts(all = false): void {
    const entered: [string, Entry][] = [];
    for (const [problemId, draft] of Object.entries(this.synced.get().drafts)) {
      const seen = this.#seenDrafts.get(problemId);
      this.#seenDrafts.set(problemId, draft);
      const known = seen?.by === draft.by && String(seen.value) === String(draft.value);
      // A saved notebook is not to be trusted: whatever else it says, no file of this machine.
      const isText = typeof draft.value === "string" || Array.isArray(draft.value);
      if ((!all && (draft.by === THIS_PAGE || known)) || !isText) continue;
      entered.push([problemId, draft.value]);
    }
    if (!entered.length) return;
    const { entries } = this.local.get();
    this.local.update({ entries: { ...entries, ...Object.fromEntries(entered) } });
  }

  /** Another student submits: what the one before entered stays in that student's drafts. */
  #takeOver(): void {
    this.local.update({ entries: filesChosen(this.#answers), notice: null });
    this.#takeDrafts(true);
  }

  async #entered(): Promise<{ answers: Record<string, RawAnswer>; buffers: ArrayBuffer[] }> {
    const answers: [string, RawAnswer][] = [];
    const buffers: ArrayBuffer[] = [];
    for (const [problemId, entry] of Object.entries(this.local.get().entries)) {
      if (typeof entry === "object" && "file" in entry) {
        answers.push([problemId, { filename: entry.file.name, buffer: buffers.length }]);
        buffers.push(await bytesOf(entry.file, problemId));
      } else {
        answers.push([problemId, entry]);
      }
    }
    return { answers: Object.fromEntries(answers), buffers };
  }

  #cells(forCommand: boolean): CellInfo[] | null {
    const { task } = this.synced.get();
    if (!this.notebook || !task) return null;
    return answeringCells(this.notebook.cells(), task, forCommand);
  }

  /** The magic asked for the cells: read them once, if it is this page that ran it. */
  #answerRequest(): void {
    const { request } = this.synced.get();
    if (request?.kind !== "submit" || request.id === this.#answeredRequest) return;
    const asked = this.#isInConsole ? "first" : this.#isAsked(request, this.#notebook);
    if (asked === "never") return; // unless this view turns out to stand in another notebook
    this.#answeredRequest = request.id;
    if (asked === "first") void this.submit({ submission: request.id });
    if (asked !== "later") return;
    const timer = setTimeout(() => {
      if (this.synced.get().request?.id === request.id) this.submit({ submission: request.id });
    }, OTHER_PAGE_DELAY_MS);
    this.#signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  }

  // ---- asking the kernel --------------------------------------------------------------------

  /** Ask, and show a refusal to the user; null then. */
  async ask<K extends RequestKind>(
    kind: K,
    payload: Requests[K],
    buffers: ArrayBuffer[] = [],
  ): Promise<Answer<K> | null> {
    const { pending, disconnected } = this.local.get();
    if (disconnected) {
      this.local.update({ notice: { text: "gone" satisfies Failure, problemId: null } });
      return null;
    }
    const isAwaited = kind === "submit" && "submission" in payload; // by a command that runs
    if (pending.has(kind) && kind !== "open" && !isAwaited) return null; // a double click
    try {
      const answer = await this.#request(kind, payload, buffers);
      if (kind === "submit" || kind === "resubmit") this.local.update({ notice: null });
      return answer;
    } catch (error) {
      if (!this.local.get().disconnected) this.#refuse(error);
      return null;
    }
  }

  /** Say why something was not done. */
  #refuse(error: unknown): null {
    const problemId = error instanceof RequestError ? error.problemId : null;
    this.local.update({ notice: { text: reasonOf(error), problemId } });
    return null;
  }

  /** Sign in where the task is graded; what is then to be said. The secret is in a buffer alone. */
  async signIn(typed: SignInRequest, secret: string): Promise<{ signedIn: boolean; text: string }> {
    const { buffer } = new TextEncoder().encode(secret);
    try {
      const { value } = await this.#request("signIn", typed, [buffer]);
      return { signedIn: true, text: value.message };
    } catch (error) {
      return { signedIn: false, text: reasonOf(error) };
    }
  }

  /** Ask, and say so where a running cell holds it up. */
  async #request<K extends RequestKind>(
    kind: K,
    payload: Requests[K],
    buffers: ArrayBuffer[],
  ): Promise<Answer<K>> {
    if (kind === "submitAs") this.#flush(); // what was entered is of who submitted until now
    this.#setPending(kind, true);
    const transport = this.#ready ?? (await this.#transport);
    const timeout = setTimeout(() => {
      this.local.update({ waiting: !transport.servedWhileBusy });
    }, WAITING_NOTICE_DELAY_MS);
    try {
      return await transport.request(kind, payload, buffers);
    } finally {
      clearTimeout(timeout);
      this.local.update({ waiting: false });
      this.#setPending(kind, false);
    }
  }

  /**
   * Ask for something that nobody pressed a button for; null if it cannot be had. Only what is
   * wrong with an answer is told, such as that it is too long to be kept.
   */
  async askQuietly<K extends RequestKind>(
    kind: K,
    payload: Requests[K],
    buffers: ArrayBuffer[] = [],
  ): Promise<{ value: Replies[K] } | null> {
    try {
      const transport = this.#ready ?? (await this.#transport);
      return await transport.request(kind, payload, buffers);
    } catch (error) {
      if (error instanceof RequestError && error.problemId !== null) {
        this.local.update({ notice: { text: error.message, problemId: error.problemId } });
      }
      console.debug(`[inginious] ${kind}:`, error);
      return null;
    }
  }

  #setPending(kind: RequestKind, on: boolean): void {
    const pending = new Set(this.local.get().pending);
    if (on) pending.add(kind);
    else pending.delete(kind);
    this.local.update({ pending });
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What a file has now; a browser reads none that was changed after it was chosen. */
async function bytesOf(file: File, problemId: string): Promise<ArrayBuffer> {
  try {
    return await file.arrayBuffer();
  } catch {
    throw new RequestError("unreadable" satisfies Failure, problemId);
  }
}

/** An entry without the contents of a file, which a preview does not need. */
function described(entry: Entry): RawAnswer {
  if (typeof entry !== "object" || !("file" in entry)) return entry;
  return { filename: entry.file.name, size_bytes: entry.file.size };
}

type Active = SubmissionInfo & { phase: Exclude<Phase, "done" | "refused"> };

export function isActive(submission: SubmissionInfo | null): submission is Active {
  return submission !== null && submission.phase !== "done" && submission.phase !== "refused";
}
