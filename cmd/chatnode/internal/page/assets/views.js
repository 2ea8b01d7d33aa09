// What a drill-down shows. Each view makes its elements from one document.

import { el, table } from "./dom.js";
import { badItem, shown } from "./keys.js";
import { treeView } from "./tree.js";
import { clock, count, flagKind, glyph, plural, span } from "./words.js";

const NAMES = 12; // nodes named beside a verdict; more are counted

/** nodeView is a node: what the wall knows of it, its tree, its last decisions. zero is the Unix time of the axis' 0. */
export function nodeView(data, row, width, zero) {
  const tree = data.tree ? treeView(data.tree, width) : null;
  const facts = row
    ? el("p", { class: "facts" }, `${glyph(row.state)} ${row.state}, ${plural(row.sessions, "session")}, ${count(row.restarts)} of ${count(row.intensity)} restarts in ${span(row.window_ms)}, ${plural(row.exits, "exit")}`)
    : null;
  const decisions = [...(data.decisions ?? [])].reverse();
  return {
    parts: [facts,
      el("h3", {}, "Supervision tree"), tree ? tree.drawing : el("p", {}, data.note || "The node does not answer, so its tree is not known."), tree?.twin,
      el("h3", {}, `Last ${plural(decisions.length, "decision")}, newest first`),
      decisions.length ? table("decisions", ["time", "decision"], decisions.map((d) => [clock(d.t - zero, 2), d.text]), [true]) : el("p", {}, "None yet.")],
    tick: tree?.tick,
  };
}

/** keyView is a key's history, newest first. */
export function keyView(data, zero) {
  const history = [...(data.history ?? [])].reverse();
  return {
    parts: [
      el("p", { class: "facts" }, `${glyph(/^good/.test(data.state) ? "live" : "quarantined")} ${data.state}; served: ${data.served_from || "nowhere"}`),
      el("h3", {}, "What it held"),
      history.length ? el("ol", { class: "history" }, history.map((item) => entry(item, zero))) : el("p", {}, "Nothing was seen under it."),
    ],
  };
}

function entry(item, zero) {
  return el("li", {},
    el("p", {}, el("b", {}, clock(item.t - zero)), ` index ${count(item.index)}: `, el("b", {}, item.verdict)),
    el("pre", {}, shown(item.value)),
    el("p", { class: "by" }, judges(item.by)));
}

function judges(by) {
  if (!by?.accepted?.length && !by?.refused?.length) return "no node had to judge it";
  return `accepted by ${names(by.accepted)}; refused by ${names(by.refused)}`;
}

function names(list) {
  if (!list?.length) return "nobody";
  const rest = list.length - NAMES;
  return list.slice(0, NAMES).join(", ") + (rest > 0 ? ` and ${count(rest)} more` : "");
}

/** incidentView is an incident and what happened in it, oldest first. offset is the act's time of the axis' 0. */
export function incidentView(data, offset) {
  const closed = data.closed_ms ?? null;
  return {
    parts: [
      el("p", { class: "facts" }, el("b", {}, data.severity), ` ${data.title}; opened at ${clock(data.opened_ms - offset)}, ` +
        (closed === null ? "still open" : `closed after ${span(closed - data.opened_ms)}`)),
      el("h3", {}, "Timeline"),
      el("ol", { class: "timeline" }, (data.timeline ?? []).map(moment)),
    ],
  };
}

function moment(item) {
  const kind = flagKind(item.kind);
  return el("li", {}, el("span", { class: "num" }, clock(item.t)), el("span", { class: "sign", "data-tone": kind.tone, "aria-hidden": "true" }, kind.glyph), el("span", {}, item.text));
}

/** incidentsView lists the incidents of the act. */
export function incidentsView(incidents, offset) {
  return {
    parts: incidents.length
      ? [el("ul", { class: "links" }, incidents.map((i) => el("li", {}, el("a", { href: "#incident/" + encodeURIComponent(i.id) }, `${i.severity} ${i.title}`), ` at ${clock(i.t - offset)}, ${i.open ? "open" : "closed"}`)))]
      : [el("p", {}, "None so far.")],
  };
}

/** keysView lists the bad keys that are known by name. */
export function keysView(registry) {
  const bad = registry?.bad ?? [];
  const total = Math.max(registry?.bad_total ?? 0, bad.length);
  return {
    parts: [el("p", { class: "facts" }, total > bad.length ? `${count(total)} keys are bad; these are the first ${count(bad.length)}.` : `${plural(total, "key is", "keys are")} bad.`),
      el("ul", { class: "bad all" }, bad.map(badItem))],
  };
}

/** resultView is the table at the end. */
export function resultView(result) {
  if (!result) return { parts: [el("p", {}, "The table comes when the acts are over.")] };
  const columns = result.columns ?? [];
  return {
    parts: [result.verdict ? el("p", {}, result.verdict) : null,
      table("result", ["", ...columns], result.rows.map((row) => ["", ...columns].map((_, i) => row[i] ?? "")), [false, ...columns.map(() => true)])],
  };
}

/** statusView is the page that the public would see, kept apart from this one. */
export function statusView() {
  return {
    parts: [el("p", {}, "As the public sees it. ", el("a", { href: "/status", target: "_blank", rel: "noopener" }, "Open it by itself")),
      el("iframe", { src: "/status", title: "status page", sandbox: "", class: "framed" })],
  };
}

/** flagsView lists the flags of an act. */
export function flagsView(act, offset) {
  const dropped = act.flagsDropped ? el("p", {}, `${plural(act.flagsDropped, "older flag")} were dropped.`) : null;
  return {
    parts: [dropped, act.flags.length ? table("flags", ["time", "flag", ""],
      act.flags.map((f) => [clock(f.t - offset), `${flagKind(f.kind).glyph} ${flagKind(f.kind).word}`, f.text]), [true]) : el("p", {}, "None so far.")],
  };
}
