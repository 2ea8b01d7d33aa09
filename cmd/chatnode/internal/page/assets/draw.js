// What a plot looks like on its canvas. It is told everything and keeps nothing.

import { brief, flagKind } from "./words.js";

/** The room around the curves, in CSS pixels. */
export const ROOM = { left: 46, right: 46, lane: 18, bottom: 20 };

const TEXT = 280; // CSS pixels that a flag's text takes at most

/** Scale maps a range of values to a range of pixels. */
export class Scale {
  constructor(from, to, low, high) {
    Object.assign(this, { from, to, low, high });
  }
  px(value) {
    return this.low + ((value - this.from) / (this.to - this.from)) * (this.high - this.low);
  }
  value(px) {
    return this.from + ((px - this.low) / (this.high - this.low)) * (this.to - this.from);
  }
}

/** ticks are the round values in a range, about so many. */
export function ticks(from, to, about) {
  const rough = (to - from) / Math.max(1, about);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((m) => m * power >= rough) * power;
  const found = [];
  for (let v = Math.ceil(from / step) * step; v <= to + step / 1e6; v += step) found.push(Math.round(v / step) * step);
  return found;
}

/** ceiling is the round value that an axis ends with. */
export function ceiling(most) {
  if (!(most > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((m) => m * power >= most * 1.02) * power || most * 1.1;
}

/** draw paints one plot. p has width, height, x, left, right (scales; right may be null), bands, curves, flags, cursor, select, axis (whether times are written), color. */
export function draw(context, p) {
  context.clearRect(0, 0, p.width, p.height);
  context.font = "12px system-ui, sans-serif";
  drawBands(context, p);
  drawGrid(context, p);
  context.save();
  context.beginPath();
  context.rect(p.x.low, p.left.high - 2, p.x.high - p.x.low, p.left.low - p.left.high + 4);
  context.clip();
  if (p.area) drawArea(context, p, p.area);
  for (const curve of p.curves) drawCurve(context, p, curve);
  context.restore();
  drawFlags(context, p);
  if (p.select) {
    context.fillStyle = p.color("select");
    context.fillRect(p.select[0], p.left.high, p.select[1] - p.select[0], p.left.low - p.left.high);
  }
  if (p.cursor !== null) drawCursor(context, p);
}

function drawBands(context, p) {
  context.fillStyle = p.color("trigger");
  for (const band of p.bands) {
    const from = Math.max(p.x.low, p.x.px(band.from));
    const to = Math.min(p.x.high, p.x.px(Math.min(band.to, p.newest)));
    if (to > from) context.fillRect(from, p.left.high, Math.max(1, to - from), p.left.low - p.left.high);
  }
}

function drawGrid(context, p) {
  context.lineWidth = 1;
  context.setLineDash([]);
  context.strokeStyle = p.color("line");
  context.fillStyle = p.color("muted");
  context.textBaseline = "middle";
  const about = Math.max(3, (p.left.low - p.left.high) / 44);
  for (const v of ticks(0, p.left.to, about)) {
    const y = Math.round(p.left.px(v)) + 0.5;
    line(context, p.x.low, y, p.x.high, y);
    context.textAlign = "right";
    context.fillText(brief(v), p.x.low - 6, y);
  }
  context.textAlign = "left";
  for (const v of p.right ? ticks(0, p.right.to, about) : []) {
    context.fillText(brief(v), p.x.high + 6, p.right.px(v));
  }
  drawTimes(context, p);
}

function drawTimes(context, p) {
  context.textAlign = "center";
  context.textBaseline = "top";
  for (const v of ticks(p.x.from / 1000, p.x.to / 1000, (p.x.high - p.x.low) / 90)) {
    const x = Math.round(p.x.px(v * 1000)) + 0.5;
    line(context, x, p.left.high, x, p.left.low);
    const text = `${v < 0 ? "−" : ""}${Math.abs(Number(v.toPrecision(6)))} s`;
    if (p.axis && x > p.x.low + 4 && x < p.x.high - 4) context.fillText(text, x, p.left.low + 5);
  }
  context.strokeStyle = p.color("edge");
  line(context, p.x.low, Math.round(p.left.low) + 0.5, p.x.high, Math.round(p.left.low) + 0.5);
}

// A curve is steps: a value holds until the next one is known.
function trace(context, p, curve, scale) {
  const { t, values, length, offset } = curve;
  let begun = false, y = NaN;
  for (let i = firstIn(curve, p.x.from); i < length; i++) {
    const at = t[i] - offset;
    const next = scale.px(values[i]);
    if (Number.isNaN(next)) {
      if (begun && !Number.isNaN(y)) context.lineTo(p.x.px(at), y);
      begun = false;
      y = NaN;
      continue;
    }
    const x = p.x.px(at);
    if (begun) context.lineTo(x, y);
    context[begun ? "lineTo" : "moveTo"](x, next);
    begun = true;
    y = next;
    if (at > p.x.to) break;
  }
}

function firstIn(curve, from) {
  let i = 0, high = curve.length;
  while (i < high) {
    const middle = (i + high) >> 1;
    if (curve.t[middle] - curve.offset < from) i = middle + 1;
    else high = middle;
  }
  return Math.max(0, i - 1);
}

function drawCurve(context, p, curve) {
  const scale = curve.right ? p.right : p.left;
  if (!scale) return;
  context.beginPath();
  trace(context, p, curve, scale);
  context.strokeStyle = p.color(curve.color);
  context.lineWidth = curve.width ?? 1.5;
  context.setLineDash(curve.dash ?? []);
  context.lineJoin = "round";
  context.stroke();
  context.setLineDash([]);
}

// The area between what was connected at the cut and what is: what users lost.
function drawArea(context, p, { curve, from, before }) {
  const start = firstIn(curve, from);
  if (!(before > 0)) return;
  const top = p.left.px(before);
  context.beginPath();
  context.moveTo(p.x.px(from), top);
  let y = top;
  for (let i = start; i < curve.length; i++) {
    const x = p.x.px(Math.max(from, curve.t[i] - curve.offset));
    context.lineTo(x, y);
    y = Math.max(top, p.left.px(curve.values[i]));
    context.lineTo(x, y);
  }
  context.lineTo(p.x.px(curve.t[curve.length - 1] - curve.offset), top);
  context.closePath();
  context.fillStyle = p.color("lost");
  context.fill();
}

// Flags stand in a lane above the curves; those that would cover each other
// become one with a number. A text is written where there is room for it.
function drawFlags(context, p) {
  context.textBaseline = "middle";
  context.textAlign = "left";
  context.setLineDash([2, 3]);
  for (const flag of p.flags) {
    const x = Math.round(p.x.px(flag.t)) + 0.5;
    if (x < p.x.low || x > p.x.high) continue;
    context.strokeStyle = p.color(flagKind(flag.kind).tone);
    line(context, x, p.left.high - 4, x, p.left.low);
  }
  context.setLineDash([]);
  const groups = p.lane ? group(p) : [];
  groups.forEach((g, i) => {
    const kind = flagKind(g.kind);
    context.fillStyle = p.color(kind.tone);
    const y = p.lane / 2 + 1;
    context.fillText(kind.glyph, g.x - 5, y);
    const begin = g.x + 8;
    const room = Math.min(TEXT, (groups[i + 1]?.x ?? p.x.high + 30) - 10 - begin);
    const more = g.count > 1 ? ` +${g.count - 1}` : "";
    const whole = context.measureText(g.text + more).width <= room;
    if (whole || room > TEXT / 2) context.fillText(fit(context, g.text, room - context.measureText(more).width) + more, begin, y);
    else if (more && room > 22) context.fillText(`×${g.count}`, begin, y);
  });
}

const RANK = ["poison", "heal", "action", "page", "throttle", "repairs", "guard", "exit"];

function group(p) {
  const groups = [];
  for (const flag of p.flags) {
    const x = p.x.px(flag.t);
    if (x < p.x.low - 1 || x > p.x.high + 1) continue;
    const last = groups.at(-1);
    if (!last || x - last.x > 22) {
      groups.push({ x, kind: flag.kind, text: flag.text, count: 1 });
      continue;
    }
    last.count++;
    if (RANK.indexOf(flag.kind) < RANK.indexOf(last.kind)) Object.assign(last, { x, kind: flag.kind, text: flag.text });
  }
  return groups;
}

/** fit shortens a text to a width. */
export function fit(context, text, width) {
  if (context.measureText(text).width <= width) return text;
  let low = 0, high = text.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (context.measureText(text.slice(0, middle) + "…").width <= width) low = middle;
    else high = middle - 1;
  }
  return text.slice(0, low) + "…";
}

function drawCursor(context, p) {
  const x = Math.round(p.x.px(p.cursor)) + 0.5;
  if (x < p.x.low || x > p.x.high) return;
  context.strokeStyle = p.color("ink");
  context.lineWidth = 1;
  line(context, x, p.left.high - 4, x, p.left.low);
  for (const curve of p.curves) {
    const scale = curve.right ? p.right : p.left;
    const value = curve.at(p.cursor);
    if (!scale || !Number.isFinite(value)) continue;
    context.fillStyle = p.color(curve.color);
    context.beginPath();
    context.arc(x, scale.px(value), 3, 0, 7);
    context.fill();
  }
}

function line(context, x1, y1, x2, y2) {
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
}
