// A bounded time series: a page that stays open for days holds as many points
// as one that was opened a quarter of an hour ago.

/** CAPACITY is how many points are kept; when they are full, every two become one. */
export const CAPACITY = 4096;

const LAG = 600; // ms that the counters of the users are behind

/** The columns beside the time. A value that there is none of is NaN. */
export const COLUMNS = ["sessions", "offered", "throttle", "capacity"];

export class Series {
  length = 0;
  t = new Float64Array(0);
  sessions = this.t;
  offered = this.t;
  throttle = this.t;
  capacity = this.t;

  /** reserve takes the memory that the series will ever have, so that it does not grow later. */
  reserve() {
    if (!this.t.length) for (const name of ["t", ...COLUMNS]) this[name] = new Float64Array(CAPACITY);
  }

  /** add appends a point. One that is not later than the last replaces nothing and is left out. */
  add(t, values) {
    if (!Number.isFinite(t) || t <= this.last()) return;
    this.reserve();
    if (this.length === CAPACITY) this.#halve();
    this.t[this.length] = t;
    for (const name of COLUMNS) this[name][this.length] = values[name] ?? NaN;
    this.length++;
  }

  /** last is the time of the newest point, −∞ when there is none. */
  last() {
    return this.length ? this.t[this.length - 1] : -Infinity;
  }

  /** at is the index of the newest point that is not later than t, −1 when there is none. */
  at(t) {
    let low = 0, high = this.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.t[middle] <= t) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** prime puts what the server remembers in place of what was seen up to its last point. */
  prime(history) {
    const times = history.t ?? [];
    if (!times.length) return;
    const first = this.at(times.at(-1)) + 1;
    const seen = [];
    for (let i = first; i < this.length; i++) seen.push(this.#point(i));
    this.length = 0;
    times.forEach((t, i) => this.add(t, Object.fromEntries(COLUMNS.map((name) => [name, history[name]?.[i]]))));
    for (const point of seen) this.add(point.t, point);
  }

  /** before is how many sessions there were at most until a moment: the counters lag a little behind it. */
  before(from) {
    const end = this.at(from + LAG);
    let most = 0;
    for (let i = 0; i <= end; i++) most = Math.max(most, this.sessions[i]);
    return most;
  }

  /** missing is how many session-seconds were lost between two moments, against what was connected before the first. */
  missing(from, to) {
    const start = Math.max(0, this.at(from));
    const before = this.before(from);
    let sum = 0;
    for (let i = start + 1; i < this.length && this.t[i - 1] < to; i++) {
      const begin = Math.max(from, this.t[i - 1]);
      const end = Math.min(to, this.t[i]);
      sum += (Math.max(0, before - this.sessions[i - 1]) * (end - begin)) / 1000;
    }
    return this.length ? sum : NaN;
  }

  #point(i) {
    return { t: this.t[i], sessions: this.sessions[i], offered: this.offered[i], throttle: this.throttle[i], capacity: this.capacity[i] };
  }

  // Of each two points the one that is further from its predecessor stays, so
  // that a dip of a fifth of a second is still to be seen after an hour.
  #halve() {
    const half = CAPACITY / 2;
    for (let i = 1; i < half; i++) {
      const before = this.sessions[i - 1];
      const left = Math.abs(this.sessions[2 * i] - before);
      const from = 2 * i + (Math.abs(this.sessions[2 * i + 1] - before) > left ? 1 : 0);
      this.t[i] = this.t[from];
      for (const name of COLUMNS) this[name][i] = this[name][from];
    }
    this.length = half;
  }
}
