// Stand-ins for what the host gives us: a model, a kernel with comms, a notebook.

import { vi } from "vitest";
import type { WidgetManager } from "../model.ts";
import type { CellModel, NotebookContext } from "../notebook/context.ts";
import type { ProblemInfo, SubmissionInfo, TaskInfo, WidgetState } from "../protocol/task.ts";
import type { CellInfo } from "../protocol/task_requests.ts";
import { EMPTY_STATE } from "../state/empty_state.ts";
import type { Comm } from "../transport/comm.ts";

type Handler = (...args: unknown[]) => void;

/** A model of anywidget, without a kernel: it remembers what was sent. */
export class FakeModel {
  readonly sent: { content: Record<string, unknown>; buffers: ArrayBuffer[] }[] = [];
  widget_manager: { -readonly [K in keyof WidgetManager]: WidgetManager[K] } = {};
  readonly #state: Record<string, unknown>;
  readonly #handlers = new Map<string, Set<Handler>>();

  constructor(state: Partial<WidgetState> = {}) {
    this.#state = { ...emptyState, ...state };
  }

  get(key: string): unknown {
    return this.#state[key];
  }

  set(key: string, value: unknown): void {
    this.#state[key] = value;
  }

  save_changes(): void {
    throw new Error("The browser never writes the state that Python owns.");
  }

  send(content: unknown, _callbacks?: unknown, buffers: ArrayBuffer[] = []): void {
    this.sent.push({ content: content as Record<string, unknown>, buffers });
  }

  on(event: string, handler: Handler): void {
    const handlers = this.#handlers.get(event) ?? new Set();
    this.#handlers.set(event, handlers.add(handler));
  }

  off(event: string, handler: Handler): void {
    this.#handlers.get(event)?.delete(handler);
  }

  emit(event: string, ...args: unknown[]): void {
    for (const handler of this.#handlers.get(event) ?? []) handler(...args);
  }

  /** Python changes some traits. */
  change(state: Partial<WidgetState>): void {
    Object.assign(this.#state, state);
    this.emit("change");
  }

  /** Python answers the newest request of a kind. */
  reply(kind: string, value: unknown, buffers: ArrayBuffer[] = []): void {
    const request = this.sent.filter(({ content }) => content.kind === kind).at(-1);
    if (!request) throw new Error(`There was no request ${kind}.`);
    const { id } = request.content;
    this.emit("msg:custom", { v: 1, kind: "reply", id, ok: true, value }, buffers);
  }

  refuse(kind: string, error: string, problem_id: string | null = null): void {
    const request = this.sent.filter(({ content }) => content.kind === kind).at(-1);
    const id = request?.content.id;
    this.emit("msg:custom", { v: 1, kind: "reply", id, ok: false, error, problem_id }, []);
  }
}

export class FakeComm implements Comm {
  readonly opened: object[] = [];
  readonly sent: Record<string, unknown>[] = [];
  closed = false;
  onMsg: Comm["onMsg"] = () => {};
  onClose: Comm["onClose"] = () => {};
  commsOverSubshells: string;
  subshellId: string | null = null;
  readonly subshellStarted: Promise<void>;

  constructor(commsOverSubshells: string, subshellStarted: Promise<void>) {
    this.commsOverSubshells = commsOverSubshells;
    this.subshellStarted = subshellStarted;
  }

  open(data: object): void {
    this.opened.push(data);
  }

  send(data: object): void {
    this.sent.push(data as Record<string, unknown>);
  }

  close(): void {
    this.closed = true;
  }
}

class FakeCell implements CellModel {
  readonly id: string;
  readonly type: string;
  #source: string;
  readonly #metadata: Record<string, unknown>;

  constructor({ id, cell_type, source, metadata }: CellInfo) {
    this.id = id;
    this.type = cell_type;
    this.#source = source;
    this.#metadata = { ...metadata };
  }

  readonly sharedModel = {
    getSource: () => this.#source,
    setSource: (source: string) => {
      this.#source = source;
    },
    getMetadata: () => this.#metadata,
    setMetadata: (key: string, value: unknown) => {
      this.#metadata[key] = value;
    },
  };
}

export function fakeContext(...cells: CellInfo[]): NotebookContext {
  const models = cells.map((cell) => new FakeCell(cell));
  return {
    model: { cells: { length: models.length, get: (index) => models[index] as CellModel } },
  };
}

export function cell(id: string, source: string, ...tags: string[]): CellInfo {
  return { id, cell_type: "code", source, execution_count: null, metadata: { tags } };
}

export function problem(changes: Partial<ProblemInfo> = {}): ProblemInfo {
  return {
    id: "p",
    type: "code",
    name: "A problem",
    header_html: "",
    language: "python",
    optional: false,
    default: "",
    multiple: false,
    choices: [],
    max_size_bytes: null,
    allowed_exts: [],
    ...changes,
  };
}

export function task(...problems: ProblemInfo[]): TaskInfo {
  return {
    ref: "course/task",
    name: "A task",
    author: "",
    context_html: "",
    accessible: true,
    deadline: null,
    site: "",
    evaluation: "best",
    can_record: false,
    problems,
  };
}

export function submission(changes: Partial<SubmissionInfo> = {}): SubmissionInfo {
  return {
    id: "s1",
    number: 1,
    origin: "widget",
    phase: "sent",
    times: { sent: 1 },
    at_most_before: null,
    sendings: 1,
    kill_requested: false,
    note: "",
    limit_s: null,
    error: null,
    error_problem: null,
    has_ssh: false,
    sources: [],
    now: Date.now() / 1000,
    ...changes,
  };
}

export const emptyState: WidgetState = {
  ...EMPTY_STATE,
  key: "k",
  lang: "en",
  task: task(problem()),
  service: { kind: "embedded", state: "idle", silent_s: 0, message: "" },
};

/** Wait until a check passes; only what hangs takes long, and a busy machine may be slow. */
export const until = (check: () => void) => vi.waitFor(check, { timeout: 50_000, interval: 5 });
