// How figures and states are written, the same everywhere.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** count writes a number with thousands apart; what is no number is a dash. */
export function count(n) {
  return Number.isFinite(n) ? whole.format(n) : "–";
}

/** brief writes a number in at most five signs: 12.3K. */
export function brief(n) {
  return Number.isFinite(n) ? short.format(n) : "–";
}

/** rate writes so many a second. */
export function rate(n) {
  return Number.isFinite(n) ? `${n < 10 && n % 1 ? n.toFixed(1) : whole.format(n)}/s` : "none";
}

/** share writes a part of a whole in per cent. */
export function share(part, all) {
  return all > 0 && Number.isFinite(part) ? `${Math.round((100 * part) / all)} %` : "–";
}

/** clock writes milliseconds as seconds from a moment: +12.3 s, −4.0 s. */
export function clock(ms, digits = 1) {
  if (!Number.isFinite(ms)) return "–";
  return `${ms < 0 ? "−" : "+"}${(Math.abs(ms) / 1000).toFixed(digits)} s`;
}

/** span writes how long something took, in the unit that fits: 340 ms, 12.3 s, 4 m 05 s. */
export function span(ms) {
  if (!Number.isFinite(ms)) return "–";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ${String(seconds % 60).padStart(2, "0")} s`;
  return `${Math.floor(seconds / 3600)} h ${String(Math.floor(seconds / 60) % 60).padStart(2, "0")} m`;
}

/** plural writes "1 node", "6 nodes". */
export function plural(n, one, many = one + "s") {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** Every state has a glyph beside its colour; what is not known has one too. */
const glyphs = {
  starting: "◔", up: "■", degraded: "◈", down: "✕", draining: "▽",
  ok: "✓", poisoned: "◈", cascading: "▲", recovering: "↻", over: "■",
  running: "■", "backing off": "◔", parked: "▽", probation: "◈", stopping: "▽",
  live: "■", quarantined: "◈", limbo: "◔", held: "▽",
};

export function glyph(state) {
  return glyphs[state] ?? "?";
}

/** tone is the colour's name of a state, as style.css has it. */
export function tone(state) {
  switch (state) {
    case "up": case "ok": case "running": case "live": return "good";
    case "down": case "cascading": return "bad";
    case "degraded": case "poisoned": case "probation": case "quarantined": return "warn";
    case "draining": case "parked": case "stopping": case "held": return "calm";
    default: return "wait"; // starting, recovering, backing off, limbo, and what is not known
  }
}

/** Flags on the time axis: a glyph, a colour and a word for each kind. */
export const flagKinds = {
  poison: { glyph: "◆", tone: "bad", word: "bad write" },
  exit: { glyph: "✕", tone: "bad", word: "exit" },
  action: { glyph: "▶", tone: "act", word: "action" },
  guard: { glyph: "◈", tone: "warn", word: "guard" },
  page: { glyph: "●", tone: "warn", word: "page" },
  throttle: { glyph: "▼", tone: "calm", word: "throttle" },
  repairs: { glyph: "▲", tone: "calm", word: "repairs" },
  heal: { glyph: "✚", tone: "good", word: "good write" },
};

export function flagKind(kind) {
  return flagKinds[kind] ?? { glyph: "●", tone: "calm", word: String(kind) };
}
