import { afterEach, beforeEach, expect, test, vi } from "vitest";
import classWidget from "../class/index.tsx";
import taskWidget from "../index.tsx";
import { snapshotClass } from "../snapshot.ts";
import { FakeModel } from "./fakes.ts";

const KEY = "k1";
let looks = new Set<() => void>();
/** The page is painted: the observers of sizes are called. */
const paint = () => {
  for (const look of looks) look();
};

class FakeResizeObserver {
  readonly #look: () => void;
  constructor(look: () => void) {
    this.#look = look;
  }
  observe(): void {
    looks.add(this.#look);
  }
  disconnect(): void {
    looks.delete(this.#look);
  }
}

let ended: AbortController;
let model: FakeModel;
const removers: (() => void)[] = [];

const kinds = { taskWidget, classWidget };
type Kind = keyof typeof kinds;
const eachKind = test.each(Object.keys(kinds) as Kind[]);

beforeEach(() => {
  vi.stubGlobal("ResizeObserver", FakeResizeObserver);
  ended = new AbortController();
  model = new FakeModel({ key: KEY });
});

afterEach(() => {
  for (const remove of removers.splice(0)) remove();
  ended.abort();
  looks = new Set();
  vi.unstubAllGlobals();
  document.body.replaceChildren();
});

/** An output of JupyterLab: what its renderer of widgets does to the element, step by step. */
function output() {
  const node = document.body.appendChild(document.createElement("div"));
  const write = (text: string) => (node.textContent = text);
  return {
    node,
    starts: () => write("Loading widget..."),
    fails: () => write("Error displaying widget: model not found"),
    shows: (view: HTMLElement) => {
      write("");
      node.appendChild(view);
    },
  };
}

/** The model of a widget is made; what it returns makes views of it. */
function made(kind: Kind) {
  kinds[kind].initialize({ model, signal: ended.signal });
  return () => view(kind);
}

function view(kind: Kind) {
  const el = document.createElement("div");
  const remove = kinds[kind].render({ model, el });
  removers.push(remove);
  return { el, remove };
}

/** Whether the snapshot would be seen. */
function snapshotIsShown(): boolean {
  const styles = [...document.head.querySelectorAll("style")].map((style) => style.textContent);
  return !styles.some((style) => style?.includes(snapshotClass(KEY)));
}

eachKind("a view stays when an earlier try to show the output fails late: %s", (kind) => {
  const [host, { el }] = [output(), made(kind)()];
  host.starts(); // twice: when the page opens, and when the widget is restored
  host.starts();
  host.shows(el);
  paint();
  host.fails();
  paint();
  expect([...host.node.childNodes]).toEqual([el]);
  expect(el.querySelector(".inginious-live")?.childElementCount).toBe(1);
  expect(snapshotIsShown()).toBe(false);
});

eachKind("of two views in one output the later stays, and the other ends: %s", (kind) => {
  const [host, make] = [output(), made(kind)];
  const [first, second] = [make(), make()];
  for (const { el } of [first, second]) {
    host.starts();
    host.shows(el);
    paint();
  }
  expect([...host.node.childNodes]).toEqual([second.el]);
  expect(first.el.querySelector(".inginious-live")).toBeNull();
  expect(second.el.querySelector(".inginious-live")).not.toBeNull();
  expect(snapshotIsShown()).toBe(false);
});

eachKind("the snapshot is hidden only while the host shows the view: %s", (kind) => {
  const [host, { el, remove }] = [output(), made(kind)()];
  paint();
  expect(snapshotIsShown()).toBe(true); // rendered, and never put into the page
  host.shows(el);
  paint();
  expect(snapshotIsShown()).toBe(false);
  host.node.remove(); // a cell that is scrolled out of view
  paint();
  expect(snapshotIsShown()).toBe(false);
  el.remove();
  paint();
  expect(snapshotIsShown()).toBe(true);
  expect(host.node.childElementCount).toBe(0);
  host.shows(el);
  paint();
  expect(snapshotIsShown()).toBe(false);
  remove();
  expect(snapshotIsShown()).toBe(true);
});
