// A Lumino widget that shows a Preact tree. Keys that are pressed in it are no shortcuts of the notebook.
import { Widget } from "@lumino/widgets";
import { render, type VNode } from "preact";

export class PreactWidget extends Widget {
  constructor(tree: VNode) {
    super();
    this.node.dataset.lmSuppressShortcuts = "true";
    render(tree, this.node);
  }

  override dispose(): void {
    if (!this.isDisposed) render(null, this.node);
    super.dispose();
  }
}
