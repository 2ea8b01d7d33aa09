// The sheet over the page's right side that drill-downs open in. What is open
// is in the address (#node/node-3), so that it can be linked, and gone back from.

import { el, put } from "./dom.js";

const EVERY = 1000; // ms between two readings of what is open
const TICK = 200; // ms between two steps of a countdown

/** Sheet opens views by the address. routes: name -> {title(argument), load(argument) -> document, view(document, argument) -> {parts, tick}, live}. */
export class Sheet {
  #routes;
  #dialog;
  #title = el("h2", { tabindex: -1 });
  #body = el("div", { class: "sheetbody" });
  #timers = [];
  #open = 0; // counts openings, so that a late answer is not shown in the next one
  #drawn = "";
  #tick = null;
  #readAt = 0;

  constructor(dialog, routes) {
    this.#dialog = dialog;
    this.#routes = routes;
    put(dialog, el("div", { class: "sheethead" }, this.#title, el("button", { type: "button", class: "small", onclick: () => dialog.close() }, "Close")), this.#body);
    dialog.addEventListener("close", () => this.#closed());
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    addEventListener("hashchange", () => this.#follow());
  }

  /** start opens what the address names. */
  start() {
    this.#follow();
  }

  /** width is what a drawing in the sheet has. */
  get width() {
    return Math.max(320, this.#body.clientWidth - 8);
  }

  #follow() {
    const [, name, argument] = /^#(\w+)(?:\/(.*))?$/.exec(location.hash) ?? [];
    const route = this.#routes[name];
    this.#stop();
    if (!route) {
      if (this.#dialog.open) this.#dialog.close();
      return;
    }
    let subject = argument ?? "";
    try {
      subject = decodeURIComponent(subject);
    } catch {
      // An address that is no escape is taken as it is.
    }
    put(this.#title, route.title(subject));
    put(this.#body, el("p", {}, "Loading …"));
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#title.focus();
    this.#body.scrollTop = 0;
    this.#load(route, subject, this.#open);
    if (route.live) this.#timers.push(setInterval(() => document.hidden || this.#load(route, subject, this.#open), EVERY));
    this.#timers.push(setInterval(() => this.#tick?.(performance.now() - this.#readAt), TICK));
  }

  async #load(route, subject, opening) {
    let document, problem;
    try {
      document = await route.load(subject);
    } catch (error) {
      problem = error;
    }
    if (opening !== this.#open) return;
    this.#readAt = performance.now();
    const text = problem ? String(problem) : JSON.stringify(document);
    if (text === this.#drawn) return;
    this.#drawn = text;
    const view = problem ? { parts: [el("p", { class: "problem" }, `Not to be had now: ${problem.message}`)] } : route.view(document, subject);
    this.#draw(view);
  }

  // What is drawn anew keeps what was unfolded, and the place that was read.
  #draw(view) {
    const unfolded = [...this.#body.querySelectorAll("details")].map((d) => d.open);
    const top = this.#body.scrollTop;
    put(this.#body, view.parts);
    [...this.#body.querySelectorAll("details")].forEach((d, i) => (d.open = unfolded[i] ?? false));
    this.#body.scrollTop = top;
    this.#tick = view.tick ?? null;
    this.#tick?.(0);
  }

  #stop() {
    this.#timers.forEach(clearInterval);
    this.#timers = [];
    this.#open++;
    this.#drawn = "";
    this.#tick = null;
  }

  #closed() {
    this.#stop();
    if (location.hash) history.pushState(null, "", location.pathname + location.search);
  }
}
