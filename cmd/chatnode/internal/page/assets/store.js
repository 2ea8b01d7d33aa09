// What is known of the run, folded from the messages of the server. Nothing
// here reads a clock, the network or the page.

import { Series } from "./series.js";

/** MAX_FLAGS is how many flags of an act are kept; the oldest go, and are counted. */
export const MAX_FLAGS = 400;

/** MAX_BAD is how many bad keys are kept by name. */
export const MAX_BAD = 50;

/** MAX_ACTS is how many acts are kept whole; of those before only the name is. */
export const MAX_ACTS = 6;

class Act {
  info = { name: "", label: "", start: null, cut: null, end: null };
  series = new Series();
  flags = [];
  flagsDropped = 0;
  nodes = new Map();
  frame = null; // the last one, without its nodes and flags
  gap = false; // frames were missed: the series is to be asked for
  over = false; // so long ago that only its name is kept

  /** cutAt is when the write was cut, in milliseconds since the act's start; null until it is known. */
  get cutAt() {
    return this.info.cut && this.info.start ? this.info.cut - this.info.start : null;
  }
}

/** Store is the run as the page knows it. */
export class Store {
  run = null;
  acts = [];
  current = 0;
  result = null;

  /** changedNodes are the IDs whose row changed since they were last taken. */
  changedNodes = new Set();

  /** apply folds one message in and says which act it was about. */
  apply(kind, data) {
    switch (kind) {
      case "run": return this.#applyRun(data);
      case "act": return this.#applyAct(data.index, data);
      case "frame": return this.#applyFrame(data);
      case "series": return this.#applySeries(data.act, data);
      case "result": this.result = data; return this.current;
      default: return this.current;
    }
  }

  /** act is the act of an index, made when it is first heard of. */
  act(index) {
    for (let i = this.acts.length; i <= index; i++) {
      this.acts.push(new Act());
      this.acts[i].series.reserve();
      const old = this.acts.length - 1 - MAX_ACTS;
      if (old >= 0) this.acts[old] = Object.assign(new Act(), { info: this.acts[old].info, over: true });
    }
    return this.acts[index];
  }

  /** pair are the two acts to be compared: the one that runs, and the newest with another name; in the order in which these names came first. */
  pair() {
    const nameOf = (i) => this.acts[i]?.info.name;
    const first = (i) => this.acts.findIndex((a) => a.info.name === nameOf(i));
    const other = this.acts.findLastIndex((a, i) => !a.over && a.info.name !== nameOf(this.current));
    return (other < 0 ? [this.current] : [this.current, other]).sort((a, b) => first(a) - first(b));
  }

  /** offset is what is taken from an act's times, so that all acts have their cut at 0. An act without a cut is laid where the others had theirs. */
  offset(index) {
    const own = this.act(index).cutAt;
    if (own !== null) return own;
    return this.acts.find((a) => a.cutAt !== null)?.cutAt ?? 0;
  }

  /** extent is the time that the acts cover together, on the common axis. */
  extent() {
    let from = Infinity, to = -Infinity;
    this.acts.forEach((act, i) => {
      if (!act.series.length) return;
      from = Math.min(from, act.series.t[0] - this.offset(i));
      to = Math.max(to, act.series.last() - this.offset(i));
    });
    return from < to ? [from, to] : [0, 1000];
  }

  /** bands are the times in which a bad value stood in the registry. */
  bands(index) {
    const bands = [];
    for (const flag of this.act(index).flags) {
      if (flag.kind === "poison" && !(bands.at(-1)?.to === Infinity)) bands.push({ from: flag.t, to: Infinity });
      else if (flag.kind === "heal" && bands.at(-1)?.to === Infinity) bands.at(-1).to = flag.t;
    }
    return bands;
  }

  #applyRun(run) {
    this.run = run;
    (run.acts ?? []).forEach((info, i) => this.#applyAct(i, info));
    return this.current;
  }

  #applyAct(index, info) {
    const act = this.act(index);
    // An act that begins again is another one.
    const again = act.info.start && info.start && info.start !== act.info.start;
    if (again) this.acts[index] = new Act();
    this.acts[index].info = { ...this.acts[index].info, ...info };
    if (info.start && !info.end) this.current = index;
    return index;
  }

  #applyFrame(frame) {
    const act = this.act(frame.act);
    this.current = frame.act;
    if (frame.whole) {
      act.gap = frame.t - Math.max(0, act.series.last()) > 1000;
      act.flags = [];
      act.flagsDropped = 0;
      for (const id of act.nodes.keys()) this.changedNodes.add(id);
      act.nodes.clear();
    }
    for (const node of frame.nodes ?? []) {
      act.nodes.set(node.id, node);
      this.changedNodes.add(node.id);
    }
    this.#addFlags(act, frame.flags ?? []);
    act.series.add(frame.t, frame.band ?? {});
    const registry = frame.registry ?? {};
    const { nodes, flags, whole, ...rest } = frame;
    act.frame = { ...rest, registry: { ...registry, bad: (registry.bad ?? []).slice(0, MAX_BAD) } };
    return frame.act;
  }

  #applySeries(index, history) {
    const act = this.act(index);
    act.series.prime(history);
    const known = new Set(act.flags.map(flagID));
    this.#addFlags(act, (history.flags ?? []).filter((flag) => !known.has(flagID(flag))));
    act.gap = false;
    return index;
  }

  #addFlags(act, flags) {
    if (!flags.length) return;
    act.flags.push(...flags);
    act.flags.sort((a, b) => a.t - b.t);
    const over = act.flags.length - MAX_FLAGS;
    if (over > 0) {
      act.flags.splice(0, over);
      act.flagsDropped += over;
    }
  }
}

function flagID(flag) {
  return `${flag.t} ${flag.kind} ${flag.text}`;
}
