// <fb-chain>: how one write became lost sessions, as boxes and arrows. The
// counts stand on the arrows; an arrow that nothing went over is where it held.

import { el, put, say, svg } from "./dom.js";
import { count } from "./words.js";

const BOXES = ["announcer", "etcd", "watchers", "supervisors", "roots", "nodes", "sessions", "API nodes"];

// Arrow i leads from box i to the next one.
const ARROWS = [
  ["writes", "bad writes"], ["keys", "bad keys"], ["failures", "crashes"], ["escalations", "escalations"],
  ["exits", "exits"], ["sessions", "lost"], ["reconnects", "reconnects"],
];

const HEIGHT = 92, BOX = 34, TOP = 34, NARROW = 86, WIDE = 96;

export class Chain extends HTMLElement {
  #drawing = svg("svg", { height: HEIGHT, "aria-hidden": "true" });
  #words = el("p", { class: "hidden" });
  #last = null;
  #width = 0;
  #drawn = "";

  begin() {
    put(this, this.#drawing, this.#words);
    new ResizeObserver(() => {
      this.#width = this.clientWidth;
      this.#drawn = "";
      if (this.#last) this.show(this.#last);
    }).observe(this);
  }

  /** show takes a frame's chain. */
  show(chain) {
    this.#last = chain;
    const text = JSON.stringify(chain) + this.#width;
    if (text === this.#drawn || this.#width < 300) return;
    this.#drawn = text;
    this.#draw(chain);
    say(this.#words, [...ARROWS, ["restarts", "restarts"]].map(([name, word]) => `${count(chain[name])} ${word}`).join(", then "));
  }

  #draw(chain) {
    const width = this.#width;
    const box = Math.max(NARROW, Math.min(WIDE, width / 14.5));
    const gap = (width - 2 - BOXES.length * box) / (BOXES.length - 1);
    const left = (i) => 1 + i * (box + gap);
    const reached = ARROWS.findIndex(([name]) => !(chain[name] > 0));
    const last = reached < 0 ? ARROWS.length : reached; // boxes up to this one were reached
    this.#drawing.setAttribute("width", width);
    this.#drawing.replaceChildren(
      ...BOXES.map((name, i) => boxOf(name, left(i), box, last > 0 && i <= last)),
      ...ARROWS.map(([name, word], i) => arrowOf(chain[name], word, left(i) + box, left(i + 1), i === last && last > 0)),
      loopOf(chain.restarts, left(2) + box / 2, left(3) + box / 2),
    );
  }
}

function boxOf(name, x, width, hit) {
  return svg("g", { class: hit ? "box hit" : "box" },
    svg("rect", { x, y: TOP, width, height: BOX, rx: 5 }),
    svg("text", { x: x + width / 2, y: TOP + BOX / 2 + 4.5, "text-anchor": "middle" }, name));
}

// The line is the thicker the more went over it, by tenfold.
function arrowOf(n, word, from, to, held) {
  const some = n > 0;
  const y = TOP + BOX / 2;
  const middle = (from + to) / 2;
  const stroke = some ? 1.5 + Math.min(4, Math.log10(n)) : 1;
  const tip = 5 + stroke;
  return svg("g", { class: some ? "arrow some" : held ? "arrow held" : "arrow" },
    svg("line", { x1: from + 2, x2: to - tip - 1, y1: y, y2: y, "stroke-width": stroke, "stroke-dasharray": some ? null : "3 4" }),
    svg("path", { d: `M${to - 1} ${y} l${-tip} ${-tip / 1.6} v${(2 * tip) / 1.6} z` }),
    held ? svg("path", { class: "stop", d: `M${middle - 3} ${y - 8} v16 M${middle + 3} ${y - 8} v16` }) : null,
    svg("text", { class: "number", x: middle, y: y - 13, "text-anchor": "middle" }, count(n)),
    svg("text", { class: "word", x: middle, y: y + 23, "text-anchor": "middle" }, held ? "held here" : word));
}

// Restarts go back: a supervisor starts the watcher again, which reads the same value.
function loopOf(n, watcher, supervisor) {
  const some = n > 0;
  const top = TOP - 14;
  return svg("g", { class: some ? "arrow some" : "arrow" },
    svg("path", { class: "loop", d: `M${supervisor} ${TOP - 2} V${top} H${watcher} V${TOP - 7}`, "stroke-width": some ? 1.5 + Math.min(3, Math.log10(n)) : 1, "stroke-dasharray": some ? null : "3 4" }),
    svg("path", { d: `M${watcher} ${TOP - 1} l-5 -8 h10 z` }),
    svg("text", { class: "number", x: (watcher + supervisor) / 2, y: top - 5, "text-anchor": "middle" }, `${count(n)} restarts`));
}

customElements.define("fb-chain", Chain);
