// A place that is there at once, for a widget whose code is loaded later.
import { PanelLayout, Widget } from "@lumino/widgets";

export class LazyItem extends Widget {
  readonly #layout = new PanelLayout();

  constructor() {
    super();
    this.layout = this.#layout;
  }

  protected override onActivateRequest(): void {
    for (const widget of this.#layout.widgets) widget.activate();
  }

  fill(widget: Widget): void {
    this.#layout.addWidget(widget);
  }
}
