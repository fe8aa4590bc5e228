// A host that offers what the widget protocol has and nothing more: no kernel, no notebook.
// The tests play Python's part: they set the state and the answers, and look at what was asked.
import widget from "/static/widget.js";

class Model {
  constructor(state) {
    this.state = state;
    this.handlers = {};
    this.widget_manager = { kernel };
  }
  get(key) {
    return this.state[key];
  }
  on(event, handler) {
    this.handlers[event] = [...(this.handlers[event] ?? []), handler];
  }
  off(event, handler) {
    this.handlers[event] = (this.handlers[event] ?? []).filter((other) => other !== handler);
  }
  send(content) {
    window.sent.push(content);
    for (const [kind, resolve] of waiting) if (kind === content.kind) resolve();
    const value = window.answers[content.kind];
    if (value === undefined) return;
    const reply = { v: 1, kind: "reply", id: content.id, ok: true, value };
    const { bytes, ...rest } = value;
    const buffers = bytes ? [new DataView(new Uint8Array(bytes).buffer)] : [];
    queueMicrotask(() => this.emit("msg:custom", { ...reply, value: rest }, buffers));
  }
  emit(event, ...args) {
    for (const handler of this.handlers[event] ?? []) handler(...args);
  }
}

// Just alive, and able to tell when it is not.
const kernel = {
  id: "",
  supportsSubshells: false,
  slots: new Set(),
  statusChanged: {
    connect: (slot) => kernel.slots.add(slot),
    disconnect: (slot) => kernel.slots.delete(slot),
  },
};

/** The kernel changes its status. */
window.kernelBecomes = (status) => {
  for (const slot of kernel.slots) slot(kernel, status);
};

let shows = 0;
let shown = [];
let waiting = [];

/** Show widgets with these states, in place of those shown before. */
window.show = async (states, answers = {}, views = 1) => {
  for (const end of shown) end();
  shown = [];
  window.sent = [];
  waiting = [];
  window.answers = answers;
  window.models = [];
  // Of another kernel each time: the page keeps what was entered for one, such as a file.
  kernel.id = `kernel-${++shows}`;
  const stage = document.getElementById("stage");
  stage.replaceChildren();
  for (const state of states) {
    const model = new Model(state);
    window.models.push(model);
    const ended = new AbortController();
    shown.push(await widget.initialize({ model, signal: ended.signal }));
    for (let view = 0; view < views; view++) {
      const el = stage.appendChild(document.createElement("div"));
      const close = await widget.render({ model, el, signal: ended.signal });
      shown.unshift(close);
    }
  }
};

/** Python changes some traits of the first widget. */
window.change = (state) => {
  Object.assign(window.models[0].state, state);
  window.models[0].emit("change");
};

/** Python answers the last request of a kind, to which there was no answer yet. */
window.reply = (kind, value) => {
  const { id } = window.sent.findLast((request) => request.kind === kind);
  window.models[0].emit("msg:custom", { v: 1, kind: "reply", id, ok: true, value }, []);
};

/** Settled once a request of that kind was made. */
window.asked = (kind) =>
  new Promise((resolve) => {
    if (window.sent.some((request) => request.kind === kind)) resolve();
    else waiting.push([kind, resolve]);
  });

/** Show a class whose state Python would publish; `answers` are replies by the kind of request. */
window.showClass = async (info, answers = {}) => {
  for (const end of shown) end();
  if (!document.querySelector("link[href='/static/class.css']"))
    document.head.append(
      Object.assign(document.createElement("link"), { rel: "stylesheet", href: "/static/class.css" }),
    );
  const { default: view } = await import("/static/class.js");
  window.sent = [];
  waiting = [];
  window.answers = { lang: {}, class: info, ...answers };
  const stage = document.getElementById("stage");
  stage.replaceChildren();
  const model = new Model({ key: "class", names: false });
  window.models = [model];
  const ended = new AbortController();
  shown = [await view.initialize({ model, signal: ended.signal })];
  shown.unshift(await view.render({ model, el: stage, signal: ended.signal }));
};

/** Python publishes what changed. */
window.publish = (state) => window.models[0].emit("msg:custom", { kind: "state", state }, []);
