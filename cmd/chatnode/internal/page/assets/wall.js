// <fb-wall>: every chat node as a cell: its state by colour and by glyph, its
// sessions, and what is left of its restarts. Cells shrink as nodes get more.

import { el, ended, mark, put, say } from "./dom.js";
import { count, glyph, plural, span, tone } from "./words.js";

const CARDS = 12, TILES = 24, CHIPS = 60; // nodes up to which a cell is a card, a tile, a chip; beyond it is a dot
const STEADY = 400; // ms that a cell shows a state at least, so that nothing flickers more than thrice a second

const STATES = ["up", "degraded", "starting", "draining", "down"];

export class Wall extends HTMLElement {
  #list = el("ul", { class: "cells" });
  #words = el("p", { class: "readout" });
  #summary = el("ul", { class: "states" });
  #cells = new Map(); // id -> cell
  #later = new Map(); // id -> the node that is to be shown when its cell may change again
  #timer = 0;
  #most = 1;

  begin() {
    put(this, this.#summary, this.#list, this.#words);
    this.#list.addEventListener("keydown", (event) => this.#key(event));
    this.#list.addEventListener("focusin", (event) => this.#tell(event.target));
    this.#list.addEventListener("pointerover", (event) => this.#tell(event.target));
  }

  /** show takes the nodes of an act, a Map by ID, and the IDs that changed; null stands for all. */
  show(nodes, changed) {
    this.#most = Math.max(1, ...[...nodes.values()].map((n) => n.sessions || 0));
    if (changed === null || [...changed].some((id) => this.#cells.has(id) !== nodes.has(id))) this.#rebuild(nodes);
    for (const id of changed ?? nodes.keys()) if (nodes.has(id)) this.#update(nodes.get(id));
    this.#sum(nodes);
  }

  #rebuild(nodes) {
    const size = nodes.size <= CARDS ? "cards" : nodes.size <= TILES ? "tiles" : nodes.size <= CHIPS ? "chips" : "dots";
    const small = nodes.size > TILES;
    mark(this.#list, "class", `cells ${size}`);
    const ids = [...nodes.keys()].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
    for (const id of this.#cells.keys()) if (!nodes.has(id)) this.#cells.delete(id);
    for (const id of ids) if (!this.#cells.has(id)) this.#cells.set(id, newCell(id));
    put(this.#list, ids.map((id) => this.#cells.get(id).item));
    this.#roam(this.#list.querySelector("[tabindex='0']") ?? this.#list.querySelector("a"));
    if (!nodes.size) put(this.#words, "No chat nodes yet.");
    else if (small) put(this.#words, "Point at a node, or go to it with the arrows.");
    else put(this.#words);
    this.#list.hidden = !nodes.size;
    this.#words.hidden = !small && nodes.size > 0;
  }

  #update(node) {
    const cell = this.#cells.get(node.id);
    const now = performance.now();
    if (cell.node && cell.node.state !== node.state && now - cell.since < STEADY) {
      this.#later.set(node.id, node);
      this.#timer ||= setTimeout(() => this.#catchUp(), STEADY);
      return;
    }
    this.#later.delete(node.id);
    if (cell.node?.state !== node.state) cell.since = now;
    cell.node = node;
    fillCell(cell, node, this.#most);
    if (this.#shown === node.id) this.#tell(cell.link);
  }

  #catchUp() {
    this.#timer = 0;
    for (const node of [...this.#later.values()]) if (this.#cells.has(node.id)) this.#update(node);
  }

  #sum(nodes) {
    const counts = Object.groupBy(nodes.values(), (n) => n.state);
    const items = STATES.filter((s) => s === "up" || counts[s]).map((s) => `${glyph(s)} ${count(counts[s]?.length ?? 0)} ${s}`);
    if (this.#summary.childElementCount !== items.length) put(this.#summary, items.map(() => el("li")));
    items.forEach((text, i) => {
      say(this.#summary.children[i], text);
      mark(this.#summary.children[i], "data-tone", tone(text.split(" ")[2]));
    });
  }

  #shown = null;

  #tell(target) {
    const link = target.closest?.("a");
    if (!link || this.#words.hidden) return;
    this.#shown = link.dataset.id;
    say(this.#words, link.getAttribute("aria-label"));
  }

  // One cell is in the tab order; the arrows go from cell to cell.
  #roam(link) {
    if (!link) return;
    for (const other of this.#list.querySelectorAll("[tabindex='0']")) mark(other, "tabindex", -1);
    mark(link, "tabindex", 0);
  }

  #key(event) {
    const links = [...this.#list.querySelectorAll("a")];
    const at = links.indexOf(event.target);
    if (at < 0) return;
    const columns = links.findIndex((l) => l.offsetTop > links[0].offsetTop);
    const row = columns < 0 ? links.length : columns;
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, ArrowUp: at - row, ArrowDown: at + row, Home: 0, End: links.length - 1 }[event.key];
    if (to === undefined || !links[to]) return;
    event.preventDefault();
    this.#roam(links[to]);
    links[to].focus();
  }
}

function newCell(id) {
  const parts = {
    sign: el("span", { class: "sign", "aria-hidden": "true" }),
    name: el("span", { class: "name" }, ended(id)),
    short: el("span", { class: "short", "aria-hidden": "true" }, /\d{1,3}$/.exec(id)?.[0] ?? id.slice(-3)),
    sessions: el("span", { class: "sessions" }),
    bar: el("meter", { min: 0, max: 1, value: 0, "aria-hidden": "true" }),
    budget: el("span", { class: "budget" }),
  };
  const link = el("a", { href: "#node/" + encodeURIComponent(id), "data-id": id, tabindex: -1, title: id }, Object.values(parts));
  return { ...parts, link, item: el("li", {}, link), node: null, since: -Infinity };
}

function fillCell(cell, node, most) {
  const restarts = `${count(node.restarts)} of ${count(node.intensity)} restarts`;
  mark(cell.link, "data-tone", tone(node.state));
  mark(cell.link, "aria-label", `${node.id}: ${node.state}, ${plural(node.sessions, "session")}, ${restarts} in ${span(node.window_ms)}` +
    (node.exits ? `, ${plural(node.exits, "exit")}` : ""));
  say(cell.sign, glyph(node.state));
  say(cell.sessions, node.state === "up" || node.sessions ? plural(node.sessions, "session") : node.state);
  cell.bar.value = node.sessions / most;
  say(cell.budget, `↻ ${count(node.restarts)}/${count(node.intensity)}` + (node.exits ? ` · ${plural(node.exits, "exit")}` : ""));
  mark(cell.budget, "data-tone", node.intensity && node.restarts >= node.intensity ? "bad" : node.restarts ? "warn" : null);
}

customElements.define("fb-wall", Wall);
