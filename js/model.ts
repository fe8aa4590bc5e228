// What we use of the model that anywidget hands us, and of the widget manager behind it. Hosts
// other than JupyterLab have less: everything beyond the widget protocol itself is optional.
import type { NotebookContext } from "./notebook/context.ts";
import type { LuminoWidget } from "./notebook/notebook_view.ts";
import type { Kernel } from "./transport/comm.ts";

export interface Model {
  get(key: string): unknown;
  set(key: string, value: unknown): void;
  save_changes(): void;
  send(content: unknown, callbacks?: unknown, buffers?: ArrayBuffer[]): void;
  // biome-ignore lint/suspicious/noExplicitAny: Backbone passes what each event carries.
  on(event: string, callback: (...args: any[]) => void): void;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  off(event: string, callback: (...args: any[]) => void): void;
  widget_manager?: WidgetManager;
}

type Views = Readonly<Record<string, Promise<{ readonly luminoWidget?: LuminoWidget }>>>;

export interface WidgetManager {
  readonly kernel?: Kernel | null;
  readonly context?: NotebookContext;
  has_model?(modelId: string): boolean;
  /** A model that it has, with its views in this page. */
  get_model?(modelId: string): Promise<{ readonly views?: Views }>;
  /** Whether the page knows all widgets of the kernel, and what tells when it does. */
  readonly restoredStatus?: boolean;
  readonly restored?: { connect(slot: () => void): unknown };
  /** Ask the kernel for the widgets that the page lacks. */
  restoreWidgets?(
    notebook: NotebookContext["model"],
    from: { loadKernel: boolean; loadNotebook: boolean },
  ): Promise<void>;
}
