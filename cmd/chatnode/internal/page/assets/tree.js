// A node's supervision tree as a drawing: one row an actor, with how much of its
// supervisor's budget is used, and the wait that is left of a backoff.

import { el, svg, table } from "./dom.js";
import { count, glyph, plural, span, tone } from "./words.js";

const ROW = 26, INDENT = 22;
const CHILDREN = 40; // drawn of one supervisor; those that run and never failed are left out first

/** treeView draws a tree, and gives the same as a table. tick(ms) counts waits down by so long. */
export function treeView(root, width) {
  const rows = [];
  flatten(root, 0, null, rows);
  const waits = [];
  const drawing = svg("svg", { class: "tree", width, height: rows.length * ROW + 4, "aria-hidden": "true" },
    rows.map((row, i) => rowOf(row, i, width, waits)));
  const twin = el("details", {}, el("summary", {}, "The tree as a table"),
    table("supervision tree", ["actor", "state", "restarts", "budget", "waits"],
      rows.filter((r) => r.node).map((r) => [" ".repeat(2 * r.depth) + r.node.id, r.node.state, count(r.node.restarts ?? 0),
        r.node.kind === "supervisor" ? budget(r.node) : "", r.node.backoff_ms > 0 ? span(r.node.backoff_ms) : ""]), [false, false, true]));
  const tick = (ms) => {
    for (const wait of waits) {
      const left = Math.max(0, wait.ms - ms);
      wait.text.textContent = left ? `again in ${span(left)}` : "starting";
    }
  };
  return { drawing, twin, tick };
}

function flatten(node, depth, parent, rows) {
  const row = { node, depth, parent, at: rows.length };
  rows.push(row);
  const children = node.children ?? [];
  const troubled = children.filter((c) => c.state !== "running" || c.restarts > 0 || c.children?.length);
  const shown = children.length > CHILDREN ? troubled.slice(0, CHILDREN) : children;
  for (const child of shown) flatten(child, depth + 1, row, rows);
  const more = children.length - shown.length + (node.omitted ?? 0);
  if (more > 0) rows.push({ depth: depth + 1, parent: row, at: rows.length, more });
}

function budget(node) {
  if (!(node.intensity >= 0)) return "no bound";
  return `${count(node.used ?? 0)} of ${count(node.intensity)} in ${span(node.window_ms)}`;
}

function rowOf(row, i, width, waits) {
  const x = 10 + row.depth * INDENT;
  const y = i * ROW + ROW / 2;
  const parts = [];
  if (row.parent) {
    const px = 10 + row.parent.depth * INDENT;
    parts.push(svg("path", { class: "branch", d: `M${px} ${row.parent.at * ROW + ROW - 4} V${y} H${x - 9}` }));
  }
  if (!row.node) {
    parts.push(svg("text", { class: "faint", x: x - 4, y: y + 4 }, `… and ${plural(row.more, "more that runs", "more that run")}`));
    return svg("g", {}, parts);
  }
  const { node } = row;
  parts.push(svg("text", { class: "sign", "data-tone": tone(node.state), x: x - 5, y: y + 4.5 }, glyph(node.state)));
  const right = width - 190;
  parts.push(svg("text", { x: x + 12, y: y + 4 }, clip(node.id, (right - x - 12) / 7.6),
    node.state === "running" ? null : svg("tspan", { class: "faint", dx: 8 }, node.state)));
  if (node.kind === "supervisor") parts.push(gauge(node, width - 180, y));
  else if (node.restarts > 0) parts.push(svg("text", { class: "faint", x: width - 180, y: y + 4 }, plural(node.restarts, "restart")));
  if (node.backoff_ms > 0) {
    const text = svg("text", { class: "wait", x: width - 2, y: y + 4, "text-anchor": "end" });
    waits.push({ text, ms: node.backoff_ms });
    parts.push(text);
  }
  return svg("g", {}, svg("title", {}, node.id + (node.last_exit ? `: ${node.last_exit}` : "")), parts);
}

// As many notches as restarts are allowed, those used filled.
function gauge(node, x, y) {
  if (!(node.intensity >= 0)) return svg("text", { class: "faint", x, y: y + 4 }, budget(node));
  const allowed = Math.max(1, Math.min(20, node.intensity || 0));
  const used = Math.min(allowed, Math.ceil(((node.used || 0) / Math.max(1, node.intensity || 0)) * allowed));
  const notch = 60 / allowed;
  const level = (node.used || 0) >= node.intensity ? "bad" : node.used > 0 ? "warn" : "good";
  return svg("g", { class: "gauge", "data-tone": level },
    Array.from({ length: allowed }, (_, i) => svg("rect", { class: i < used ? "used" : "left", x: x + i * notch, y: y - 5, width: Math.max(1, notch - 2), height: 10 })),
    svg("text", { class: "faint", x: x + 68, y: y + 4 }, budget(node)));
}

function clip(text, most) {
  return text.length > most ? text.slice(0, Math.max(4, Math.floor(most) - 1)) + "…" : text;
}
