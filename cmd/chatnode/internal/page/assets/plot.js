// <fb-plot>: one plot over time. All of them share a Timeline, so that a cursor
// in one stands at the same second in the others. Beside the canvas there are a
// legend, which reads the values at the cursor, and a table with the same figures.

import { ceiling, draw, ROOM, Scale } from "./draw.js";
import { el, mark, put, say, table, theme } from "./dom.js";
import { clock, count, flagKind, rate } from "./words.js";

const TABLE_ROWS = 40; // of the table twin; between them figures are left out
const HOLDS = 1500; // ms that a curve's last value holds
const CLICK = 4; // CSS pixels that a drag is longer than

export class Plot extends HTMLElement {
  #timeline;
  #data = { curves: [], bands: [], flags: [], cut: null };
  #canvas = el("canvas", { "aria-hidden": "true" });
  #surface = el("div", { class: "surface", tabindex: 0, role: "slider" }, this.#canvas);
  #legend = el("ul", { class: "legend" });
  #note = el("span", { class: "note" });
  #twin = el("div", { class: "twin", tabindex: 0, hidden: true });
  #button = el("button", { type: "button", class: "small", "aria-pressed": "false" }, "Table");
  #size = [0, 0];
  #drag = null;
  #due = 0;
  #x = new Scale(0, 1, 0, 1);

  /** begin builds the element. options: title, lane (flags have one), axis (times are written), area (what was lost is filled). */
  begin(timeline, options) {
    this.#timeline = timeline;
    this.options = options;
    mark(this.#surface, "aria-label", `${options.title}: arrows move the cursor, plus and minus zoom, Escape resets`);
    put(this, el("div", { class: "plothead" }, this.#legend, this.#note, this.#button), this.#surface, this.#twin);
    this.#button.addEventListener("click", () => this.#toggle());
    this.#surface.addEventListener("keydown", (event) => this.#key(event));
    for (const kind of ["pointerdown", "pointermove", "pointerup", "pointercancel", "pointerleave"]) {
      this.#surface.addEventListener(kind, (event) => this.#pointer(event));
    }
    this.#surface.addEventListener("dblclick", () => timeline.reset());
    timeline.addEventListener("change", () => this.redraw());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.redraw());
    new ResizeObserver(() => this.#resize()).observe(this.#surface);
  }

  /** show takes what is to be drawn: curves {label, unit, color, dash, width, right, t, values, length, offset}, bands, flags (times on the common axis), cut, before (what the area of what was lost is measured against), newest, and note(t, value), which says more of the first curve. */
  show(data) {
    for (const curve of data.curves) curve.at = (t) => valueAt(curve, t);
    this.#data = data;
    this.redraw();
  }

  /** redraw paints once before the next frame, however often it is asked for. */
  redraw() {
    if (!this.#due) this.#due = requestAnimationFrame(() => this.#paint());
  }

  get #newest() {
    return this.#data.newest ?? 0;
  }

  #resize() {
    const { width, height } = this.#surface.getBoundingClientRect();
    if (!width || !height) return;
    this.#size = [width, height];
    const ratio = devicePixelRatio || 1;
    this.#canvas.width = Math.round(width * ratio);
    this.#canvas.height = Math.round(height * ratio);
    this.#paint();
  }

  #paint() {
    cancelAnimationFrame(this.#due);
    this.#due = 0;
    const [width, height] = this.#size;
    if (!this.#data) return;
    this.#read();
    if (!this.#twin.hidden) this.#fillTwin();
    if (!width || this.#surface.hidden) return;
    const { lane, axis, area } = this.options;
    const { curves, bands, flags, cut } = this.#data;
    const [from, to] = this.#timeline.view;
    const low = height - (axis ? ROOM.bottom : 6);
    const high = (lane ? ROOM.lane : 4) + 6;
    const rates = curves.filter((c) => c.right);
    this.#x = new Scale(from, to, ROOM.left, width - ROOM.right);
    const context = this.#canvas.getContext("2d");
    const ratio = devicePixelRatio || 1;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    draw(context, {
      width, height, curves, bands, flags, axis, color: theme(), newest: this.#newest,
      lane: lane ? ROOM.lane : 0, x: this.#x, cursor: this.#timeline.cursor,
      left: new Scale(0, ceiling(most(curves.filter((c) => !c.right), this.#data.least ?? 1)), low, high),
      right: rates.length ? new Scale(0, ceiling(most(rates, 10)), low, high) : null,
      area: area && cut !== null && curves.length ? { curve: curves[0], from: cut, before: this.#data.before } : null,
      select: this.#drag?.wide ? [Math.min(this.#drag.from, this.#drag.to), Math.max(this.#drag.from, this.#drag.to)] : null,
    });
  }

  // The legend reads the values at the cursor, and the slider says them.
  #read() {
    const { curves, flags } = this.#data;
    const t = this.#timeline.cursor ?? this.#newest;
    if (this.#legend.childElementCount !== curves.length) put(this.#legend, curves.map(legendItem));
    const words = curves.map((curve, i) => {
      const text = curve.unit === "/s" ? rate(curve.at(t)) : count(curve.at(t));
      const item = this.#legend.children[i];
      say(item.children[1], curve.label);
      say(item.children[2], text);
      return `${curve.label} ${text}`;
    });
    const note = this.#data.note?.(t, curves[0].at(t)) ?? "";
    say(this.#note, note);
    const [from, to] = this.#timeline.view;
    const near = flags.filter((flag) => Math.abs(flag.t - t) < (to - from) / 100).at(-1);
    mark(this.#surface, "aria-valuemin", Math.round(from));
    mark(this.#surface, "aria-valuemax", Math.round(to));
    mark(this.#surface, "aria-valuenow", Math.round(t));
    mark(this.#surface, "aria-valuetext", `${clock(t)}: ${words.join(", ")}${note ? `, ${note}` : ""}${near ? `; ${flagKind(near.kind).word}: ${near.text}` : ""}`);
  }

  #toggle() {
    const asTable = this.#twin.hidden;
    this.#twin.hidden = !asTable;
    this.#surface.hidden = asTable;
    mark(this.#button, "aria-pressed", asTable);
    say(this.#button, asTable ? "Plot" : "Table");
    this.#paint();
    if (!asTable) this.#resize();
  }

  #fillTwin() {
    const { curves, flags } = this.#data;
    const [from, to] = this.#timeline.view;
    const end = Math.min(to, this.#newest);
    const rows = [];
    for (let i = 0; i <= TABLE_ROWS && end > from; i++) {
      const t = from + ((end - from) * i) / TABLE_ROWS;
      const values = curves.map((c) => c.at(t));
      if (values.some(Number.isFinite)) rows.push([clock(t), ...values.map((v, k) => (curves[k].unit === "/s" ? rate(v) : count(v)))]);
    }
    const text = `${from} ${end} ${flags.length}`;
    if (this.#twin.dataset.shown === text) return;
    this.#twin.dataset.shown = text;
    put(this.#twin, table(this.options.title, ["time", ...curves.map((c) => c.label)], rows, [true, ...curves.map(() => true)]),
      flags.length ? table("flags", ["time", "flag", ""], flags.map((f) => [clock(f.t), flagKind(f.kind).word, f.text]), [true]) : null);
  }

  #key(event) {
    const step = event.shiftKey ? 10 : 1;
    const line = this.#timeline;
    const acts = {
      ArrowLeft: () => line.move(-step, this.#newest), ArrowRight: () => line.move(step, this.#newest),
      PageUp: () => line.move(-25, this.#newest), PageDown: () => line.move(25, this.#newest),
      Home: () => line.setCursor(line.view[0]), End: () => line.setCursor(Math.min(line.view[1], this.#newest)),
      "+": () => line.zoom(1.5, this.#newest), "=": () => line.zoom(1.5, this.#newest), "-": () => line.zoom(1 / 1.5, this.#newest),
      Escape: () => line.reset(),
    };
    if (!acts[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    acts[event.key]();
  }

  #pointer(event) {
    const x = Math.min(this.#x.high, Math.max(this.#x.low, event.clientX - this.#surface.getBoundingClientRect().left));
    switch (event.type) {
      case "pointerdown":
        if (event.button) return;
        this.#drag = { from: x, to: x, wide: false };
        this.#surface.setPointerCapture(event.pointerId);
        break;
      case "pointermove":
        if (this.#drag) Object.assign(this.#drag, { to: x, wide: this.#drag.wide || Math.abs(x - this.#drag.from) > CLICK });
        this.#timeline.setCursor(this.#x.value(x));
        break;
      case "pointerup": {
        const drag = this.#drag;
        this.#drag = null;
        if (drag?.wide) this.#timeline.zoomTo(this.#x.value(Math.min(drag.from, x)), this.#x.value(Math.max(drag.from, x)));
        else this.#timeline.setCursor(this.#x.value(x));
        break;
      }
      case "pointerleave":
        if (!this.#drag && document.activeElement !== this.#surface) this.#timeline.setCursor(null);
        break;
      default:
        this.#drag = null;
    }
    this.redraw();
  }
}

function legendItem(curve) {
  const swatch = el("span", { class: "swatch", "data-color": curve.color, "data-dash": curve.dash ? "dashed" : "solid", "aria-hidden": "true" });
  return el("li", {}, swatch, el("span", {}, curve.label), el("b", {}, ""));
}

// A value holds until the next one is known, but nothing is claimed of the time
// after the last.
function valueAt(curve, t) {
  if (!curve.length || t > curve.t[curve.length - 1] - curve.offset + HOLDS) return NaN;
  let low = 0, high = curve.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (curve.t[middle] - curve.offset <= t) low = middle + 1;
    else high = middle;
  }
  return low ? curve.values[low - 1] : NaN;
}

function most(curves, least) {
  let found = least;
  for (const { values, length } of curves) {
    for (let i = 0; i < length; i++) if (values[i] > found) found = values[i];
  }
  return found;
}

customElements.define("fb-plot", Plot);
