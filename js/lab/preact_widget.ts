// Lumino widgets of ours. Keys that are pressed in them are no shortcuts of the notebook, except with
// Ctrl or Cmd: the palette opens from everywhere.
import type { Message } from "@lumino/messaging";
import { Widget } from "@lumino/widgets";
import { render, type VNode } from "preact";

/** A widget that has the keyboard when it is shown; JupyterLab takes it for the current one then. */
export class Panel extends Widget {
  constructor() {
    super();
    this.#suppressShortcuts(true);
    // Lumino looks before the key reaches us, but Ctrl itself was pressed earlier.
    for (const kind of ["keydown", "keyup"] as const)
      this.node.addEventListener(kind, ({ ctrlKey, metaKey }) =>
        this.#suppressShortcuts(!ctrlKey && !metaKey),
      );
    this.node.addEventListener("focusout", () => this.#suppressShortcuts(true));
  }

  #suppressShortcuts(on: boolean): void {
    if (on) this.node.dataset.lmSuppressShortcuts = "true";
    else delete this.node.dataset.lmSuppressShortcuts;
  }

  /** Go to the first that can be pressed, or to the whole, unless the focus is in there. */
  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    // Not before the palette has given the focus back.
    setTimeout(() => {
      if (this.node.contains(document.activeElement)) return;
      const first = this.node.querySelector<HTMLElement>("button, input");
      if (first) first.focus({ preventScroll: true });
      else this.focus();
    });
  }

  /** Have the whole have the focus. */
  protected focus(): void {
    const { node } = this;
    if (!node.hasAttribute("tabindex")) {
      node.tabIndex = -1; // else it would take the focus from the notebook with each click
      node.addEventListener("blur", () => node.removeAttribute("tabindex"), { once: true });
    }
    node.focus({ preventScroll: true });
  }
}

/** A panel that shows a Preact tree, and has the focus once what had it in there is gone. */
export class PreactWidget extends Panel {
  #focused: EventTarget | null = null;

  constructor(tree: VNode) {
    super();
    render(tree, this.node);
    this.node.addEventListener("focusin", ({ target }) => {
      this.#focused = target;
    });
    this.node.addEventListener("focusout", ({ relatedTarget }) => {
      if (relatedTarget) this.#focused = null;
      else queueMicrotask(() => this.#forget()); // what is being removed is gone by then
    });
    // Not before the focus has gone on to where Tab leads: a control may go as it is left.
    const removed = new MutationObserver(() => setTimeout(() => this.#keepFocus()));
    removed.observe(this.node, { childList: true, subtree: true });
  }

  #isGone(): boolean {
    return this.#focused instanceof Element && !this.#focused.isConnected;
  }

  #forget(): void {
    if (!this.#isGone()) this.#focused = null;
  }

  #keepFocus(): void {
    if (this.#isGone() && document.activeElement === document.body) this.focus();
  }

  override dispose(): void {
    if (!this.isDisposed) render(null, this.node);
    super.dispose();
  }
}
