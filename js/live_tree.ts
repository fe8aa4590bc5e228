// Shows a Preact tree in a place of the host, for as long as that place is the tree's.
import { render, type VNode } from "preact";
import { keepPlace } from "./place.ts";

/**
 * Show a tree below an element; returns how to end that.
 * @param shown Called when the host shows the element; what it returns when it does not any more.
 */
export function showTree(el: HTMLElement, tree: VNode, shown: () => () => void): () => void {
  const mount = el.appendChild(document.createElement("div"));
  mount.className = "inginious-live";
  render(tree, mount);
  const ended = new AbortController();
  ended.signal.addEventListener("abort", () => {
    render(null, mount);
    mount.remove();
  });
  const end = () => ended.abort();
  keepPlace(el, { shown, replaced: end }, ended.signal);
  return end;
}
