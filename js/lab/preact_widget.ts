// A Lumino widget that shows a Preact tree. Keys that are pressed in it are no shortcuts of the notebook.
import type { Message } from "@lumino/messaging";
import { Widget } from "@lumino/widgets";
import { render, type VNode } from "preact";

export class PreactWidget extends Widget {
  constructor(tree: VNode) {
    super();
    this.node.dataset.lmSuppressShortcuts = "true";
    render(tree, this.node);
  }

  /** Go to the first that can be pressed, so that the keyboard is where the person looks. */
  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    const first = this.node.querySelector<HTMLElement>("button, input, [tabindex='0']");
    if (!this.node.contains(document.activeElement)) first?.focus({ preventScroll: true });
  }

  override dispose(): void {
    if (!this.isDisposed) render(null, this.node);
    super.dispose();
  }
}
