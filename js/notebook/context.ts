// The parts of a JupyterLab document context that we read and write. Undocumented towards
// widgets, so every step of the way is optional and find.ts checks it before anybody relies on it.

export interface Signal {
  connect(slot: () => void): unknown;
  disconnect(slot: () => void): unknown;
}

export interface SharedCell {
  getSource(): string;
  setSource(source: string): void;
  getMetadata(): Record<string, unknown>;
  setMetadata(key: string, value: unknown): void;
  deleteMetadata?(key: string): void;
}

export interface OutputModel {
  readonly data: Readonly<Record<string, unknown>>;
  readonly metadata?: Readonly<Record<string, unknown>>;
  toJSON?(): object;
}

export interface OutputList {
  readonly length: number;
  get(index: number): OutputModel;
  set(index: number, output: object): void;
}

export interface CellModel {
  readonly id: string;
  readonly type: string;
  /** Of code cells that were run. */
  readonly executionCount?: number | null;
  readonly sharedModel: SharedCell;
  /** Of code cells only. */
  readonly outputs?: OutputList;
}

export interface CellList {
  readonly length: number;
  get(index: number): CellModel;
  readonly changed?: Signal;
}

export interface NotebookContext {
  readonly path?: string;
  readonly localPath?: string;
  readonly model?: {
    readonly cells?: CellList;
    readonly contentChanged?: Signal;
    /** Whether several pages edit one and the same document (real-time collaboration). */
    readonly collaborative?: boolean;
  };
  readonly sessionContext?: {
    readonly session?: {
      readonly kernel?: { readonly id?: string; readonly clientId?: string } | null;
    } | null;
  };
}
