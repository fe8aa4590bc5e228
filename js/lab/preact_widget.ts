// A Lumino widget that shows a Preact tree. Keys that are pressed in it are no shortcuts of the notebook,
// except with Ctrl or Cmd: the palette opens from everywhere.
import type { Message } from "@lumino/messaging";
import { Widget } from "@lumino/widgets";
import { render, type VNode } from "preact";

export class PreactWidget extends Widget {
  constructor(tree: VNode) {
    super();
    this.#suppressShortcuts(true);
    // Lumino looks before the key reaches us, but Ctrl itself was pressed earlier.
    for (const kind of ["keydown", "keyup"] as const)
      this.node.addEventListener(kind, ({ ctrlKey, metaKey }) =>
        this.#suppressShortcuts(!ctrlKey && !metaKey),
      );
    this.node.addEventListener("focusout", () => this.#suppressShortcuts(true));
    render(tree, this.node);
  }

  #suppressShortcuts(on: boolean): void {
    if (on) this.node.dataset.lmSuppressShortcuts = "true";
    else delete this.node.dataset.lmSuppressShortcuts;
  }

  /** Go to the first that can be pressed, so that the keyboard is where the person looks. */
  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    // Not before the palette has given the focus back.
    setTimeout(() => {
      const first = this.node.querySelector<HTMLElement>("button, input");
      if (!this.node.contains(document.activeElement)) first?.focus({ preventScroll: true });
    });
  }

  override dispose(): void {
    if (!this.isDisposed) render(null, this.node);
    super.dispose();
  }
}
