// The time axis that all plots share: what part of it is shown, and where the
// cursor stands. Times are milliseconds from the cut write.

const NARROWEST = 500; // ms that the axis shows at least
const ROUND = 10000; // ms to which the end is rounded up, so that the plots do not creep

/** Timeline tells "change" whenever the view or the cursor is another. */
export class Timeline extends EventTarget {
  #extent = [0, ROUND];
  #zoom = null;
  cursor = null; // null: the newest

  /** view is the part that is shown. */
  get view() {
    return this.#zoom ?? this.#extent;
  }

  get zoomed() {
    return this.#zoom !== null;
  }

  /** setExtent says what there is to be shown in all. */
  setExtent(from, to) {
    const begin = Math.floor(from / ROUND) * ROUND;
    const next = [from - begin < ROUND / 2 ? begin : from, Math.max(from + ROUND, Math.ceil(to / ROUND) * ROUND)];
    if (next[0] === this.#extent[0] && next[1] === this.#extent[1]) return;
    this.#extent = next;
    this.#changed();
  }

  setCursor(t) {
    if (t === this.cursor) return;
    this.cursor = t === null ? null : Math.min(this.#extent[1], Math.max(this.#extent[0], t));
    this.#changed();
  }

  /** move puts the cursor so many steps on; a step is a hundredth of what is shown. Outside the view, the view follows. */
  move(steps, newest) {
    const [from, to] = this.view;
    this.setCursor((this.cursor ?? newest) + (steps * (to - from)) / 100);
    if (this.#zoom && (this.cursor < from || this.cursor > to)) {
      const shift = this.cursor < from ? this.cursor - from : this.cursor - to;
      this.zoomTo(from + shift, to + shift);
    }
  }

  /** zoom makes the view narrower (above 1) or wider, around the cursor. */
  zoom(factor, newest) {
    const [from, to] = this.view;
    const at = this.cursor ?? Math.min(to, newest);
    this.zoomTo(at - (at - from) / factor, at + (to - at) / factor);
  }

  zoomTo(from, to) {
    const [least, most] = this.#extent;
    const middle = (from + to) / 2;
    const half = Math.max(NARROWEST, to - from) / 2;
    const next = [Math.max(least, middle - half), Math.min(most, middle + half)];
    this.#zoom = next[0] <= least && next[1] >= most ? null : next;
    this.#changed();
  }

  /** reset shows everything and lets the cursor follow the newest. */
  reset() {
    this.#zoom = null;
    this.cursor = null;
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
