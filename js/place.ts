// Keeps a view where the host has put it. JupyterLab may try twice to show an output: when the page
// opens, where it looks for the widget for two seconds, and when the widget is restored. A first try
// that fails after the second has succeeded writes "model not found" over the view.

interface Callbacks {
  /** The host shows the view; what it returns is called when it does not any more. */
  shown(): () => void;
  /** Another view has taken its place. */
  replaced(): void;
}

export function keepPlace(el: HTMLElement, callbacks: Callbacks, signal: AbortSignal): void {
  let host: HTMLElement | null = null;
  let hidden: (() => void) | null = null;
  const look = () => {
    // Written over, not taken away: that empties the place. A cell out of view is away as a whole.
    if (host && !el.parentElement && isText(host)) host.replaceChildren(el);
    if (el.parentElement) {
      host = el.parentElement;
      hidden ??= callbacks.shown();
      return;
    }
    hidden?.();
    hidden = null;
    if (host?.firstElementChild) callbacks.replaced();
  };
  // It tells of elements that enter or leave the page, before the page is painted.
  const sizes = new ResizeObserver(look);
  sizes.observe(el);
  const end = () => {
    sizes.disconnect();
    hidden?.();
  };
  signal.addEventListener("abort", end, { once: true });
}

function isText(host: HTMLElement): boolean {
  return !host.firstElementChild && host.textContent !== "";
}
