// Wires the page: messages into the store, the store into the elements, at most
// once a frame of the screen.

import "./plot.js";
import "./wall.js";
import "./keys.js";
import "./chain.js";
import "./compare.js";
import { Commands } from "./commands.js";
import { el, mark, put, say } from "./dom.js";
import { Sheet } from "./sheet.js";
import { Store } from "./store.js";
import { ask, Stream } from "./stream.js";
import { Timeline } from "./timeline.js";
import { flagsView, incidentsView, incidentView, keysView, keyView, nodeView, resultView, statusView } from "./views.js";
import { clock, count, glyph, share, tone } from "./words.js";

const STEADY = 400; // ms that the verdict keeps its colour at least
const SAY_EVERY = 5000; // ms between two verdicts that are read out

const $ = (id) => document.getElementById(id);
const store = new Store();
const timeline = new Timeline();
let chosen = null; // the act that somebody wants to look at; null follows the run
let drawnAct = -1;
let due = 0;
const colored = { level: "", at: -STEADY };
const said = { level: "", at: -SAY_EVERY, timer: 0 };

const shownAct = () => chosen ?? store.current;

function curves(index) {
  const { series } = store.act(index);
  const offset = store.offset(index);
  const curve = (name, more) => ({ label: name, t: series.t, values: series[name], length: series.length, offset, ...more });
  return {
    sessions: curve("sessions", { label: "connected sessions", color: "sessions", width: 2.5 }),
    capacity: curve("capacity", { color: "capacity", dash: [7, 4] }),
    offered: curve("offered", { label: "offered load", unit: "/s", color: "offered", right: true }),
    throttle: curve("throttle", { unit: "/s", color: "throttle", dash: [2, 3], width: 2, right: true }),
  };
}

function plotData(index, names) {
  const act = store.act(index);
  const offset = store.offset(index);
  const all = curves(index);
  return {
    curves: names.map((name) => all[name]),
    bands: store.bands(index).map((b) => ({ from: b.from - offset, to: b.to - offset })),
    flags: act.flags.map((f) => ({ ...f, t: f.t - offset })),
    cut: act.cutAt === null ? null : 0,
    before: act.cutAt === null ? 0 : act.series.before(act.cutAt),
    newest: act.series.length ? act.series.last() - offset : 0,
    least: store.run?.users ?? 1,
  };
}

function changed() {
  due ||= requestAnimationFrame(render);
}

function render() {
  due = 0;
  const index = shownAct();
  const act = store.act(index);
  timeline.setExtent(...store.extent());
  renderTabs(index);
  $("compare").parentElement.hidden = store.pair().length < 2 && Boolean(store.run);
  $("band").show(plotData(index, ["sessions", "capacity", "offered", "throttle"]));
  renderCompare();
  if (act.frame) renderFrame(act, index);
  $("wall").show(act.nodes, drawnAct === index ? store.changedNodes : null);
  store.changedNodes.clear();
  drawnAct = index;
  $("result").hidden = !store.result;
  if (act.frame && !document.documentElement.dataset.painted) {
    document.documentElement.dataset.painted = "true";
    performance.mark("first-frame");
  }
}

function renderCompare() {
  $("compare").show(store.pair().map((i, row) => {
    const act = store.act(i);
    const data = plotData(i, []);
    return {
      ...data,
      flags: data.flags.filter((f) => f.kind === "poison" || f.kind === "heal" || f.kind === "action"),
      curves: [{ ...curves(i).sessions, label: `${name(i)}: sessions`, color: row ? "second" : "first" }],
      note: (t, sessions) => (Number.isFinite(sessions) ? share(sessions, store.run?.users) + lostBy(act, t + store.offset(i)) : ""),
    };
  }));
}

function lostBy(act, t) {
  return act.cutAt === null ? "" : ` of users, ${count(act.series.missing(act.cutAt, t))} session-seconds lost`;
}

function renderFrame(act, index) {
  const { frame } = act;
  const verdict = frame.verdict ?? { level: "starting", text: "" };
  renderLevel(verdict.level);
  say($("verdict-text"), verdict.text);
  read(verdict);
  say($("clock"), clock(frame.t - store.offset(index)));
  mark($("clock"), "title", act.cutAt === null ? "since the act began" : "since the write was cut");
  const { band = {}, messages = {} } = frame;
  say($("messages"), `messages: ${count(messages.acked)} acknowledged, ${count(messages.undelivered)} undelivered, ${count(messages.lost)} lost`);
  say($("lost"), act.cutAt === null ? "" : `${count(act.series.missing(act.cutAt, Infinity))} session-seconds lost`);
  say($("connected"), `${share(band.sessions, band.users)} of ${count(band.users)} users connected`);
  const open = (frame.incidents ?? []).filter((i) => i.open).length;
  say($("incidents"), `Incidents: ${open ? `${open} open` : count((frame.incidents ?? []).length)}`);
  $("keys").show(frame.registry);
  $("chain").show(frame.chain ?? {});
}

// The level keeps its colour for a while, so that a verdict that changes its mind does not flash.
function renderLevel(level) {
  if (level === colored.level) return;
  const wait = colored.at + STEADY - performance.now();
  if (wait > 0) {
    setTimeout(changed, wait);
    return;
  }
  Object.assign(colored, { level, at: performance.now() });
  mark($("verdict"), "data-tone", tone(level));
  mark($("verdict"), "data-level", level);
  say($("verdict-sign"), glyph(level));
}

// The verdict is read out when its level changes, not with every figure, and
// never more than once in some seconds.
function read(verdict) {
  if (verdict.level === said.level || said.timer) return;
  const wait = Math.max(0, said.at + SAY_EVERY - performance.now());
  said.timer = setTimeout(() => {
    const now = store.act(shownAct()).frame?.verdict ?? verdict;
    Object.assign(said, { level: now.level, at: performance.now(), timer: 0 });
    say($("announce"), now.text);
  }, wait);
}

const name = (index) => store.act(index).info.label || store.act(index).info.name || `act ${index + 1}`;

function renderTabs(index) {
  const tabs = $("acts");
  if (tabs.childElementCount !== store.acts.length) {
    put(tabs, store.acts.map((_, i) => el("button", { type: "button", onclick: () => choose(i) })));
  }
  store.acts.forEach((act, i) => {
    const live = i === store.current && act.info.start && !act.info.end;
    tabs.children[i].hidden = act.over;
    say(tabs.children[i], name(i) + (live ? " (now)" : ""));
    mark(tabs.children[i], "aria-pressed", i === index);
  });
  const sub = store.act(index).series.length ? "" : " (not begun)";
  say($("band-act"), name(index) + sub);
}

function choose(index) {
  chosen = index === store.current ? null : index;
  changed();
}

async function history(index) {
  try {
    store.apply("series", { act: index, ...(await ask(`/api/series?act=${index}`)) });
    changed();
  } catch {
    // What is missed stays a gap; what comes from now on is drawn.
  }
}

async function publicPage() {
  const answer = await fetch("/status", { method: "HEAD" });
  if (!answer.ok) throw new Error("this run has no status page");
  return {};
}

function take(kind, data) {
  const was = store.current;
  const index = store.apply(kind, data);
  if (kind === "frame" && data.whole && store.act(index).gap) history(index);
  if (store.current !== was) chosen = null;
  changed();
}

function begin(run) {
  store.apply("run", run);
  say($("version"), run.version ?? "");
  mark($("version"), "title", run.version ?? "");
  say($("seed"), `seed ${run.seed ?? "–"}`);
  mark($("seed"), "title", Object.entries(run.params ?? {}).map(([k, v]) => `${k}: ${v}`).join("\n"));
  commands.offer(run.commands, run.token);
  sheet.start();
  store.acts.forEach((act, i) => act.info.start && history(i));
  changed();
}

async function start() {
  try {
    begin(await ask("/api/run"));
  } catch (error) {
    connection("lost", `no run: ${error.message}`);
    setTimeout(start, 2000);
    return;
  }
  new Stream("/api/events", take, connection).open();
}

function connection(state, text) {
  mark($("connection"), "data-state", state);
  say($("connection"), `${{ live: "●", connecting: "◔", quiet: "◌", lost: "✕" }[state]} ${text}`);
}

for (const [id, options] of Object.entries({ band: { title: "capacity band", lane: true, axis: true, area: true } })) $(id).begin(timeline, options);
$("compare").begin(timeline);
for (const id of ["wall", "keys", "chain"]) $(id).begin();

const commands = new Commands($("commands"));
// zero is the axis' 0 in Unix time, which drill-downs are told in.
const zero = () => (store.act(shownAct()).info.start ?? 0) + store.offset(shownAct());
const frame = () => store.act(shownAct()).frame;
const sheet = new Sheet($("sheet"), {
  node: {
    title: (id) => id, live: true,
    load: async (id) => ({ data: await ask(`/api/node/${encodeURIComponent(id)}`), row: store.act(shownAct()).nodes.get(id), zero: zero() }),
    view: ({ data, row, zero: from }) => nodeView(data, row, sheet.width, from),
  },
  key: {
    title: (key) => key, live: true,
    load: async (key) => ({ data: await ask(`/api/key/${key.replace(/^\//, "").split("/").map(encodeURIComponent).join("/")}`), zero: zero() }),
    view: ({ data, zero: from }) => keyView(data, from),
  },
  incident: {
    title: (id) => `Incident ${id}`, live: true,
    load: async (id) => ({ data: await ask(`/api/incident/${encodeURIComponent(id)}`), offset: store.offset(shownAct()) }),
    view: ({ data, offset }) => incidentView(data, offset),
  },
  incidents: { title: () => "Incidents", live: true, load: () => frame()?.incidents ?? [], view: (data) => incidentsView(data, store.offset(shownAct())) },
  keys: { title: () => "Bad keys", live: true, load: () => frame()?.registry ?? {}, view: keysView },
  flags: { title: () => "Flags", live: true, load: () => store.act(shownAct()).flags, view: () => flagsView(store.act(shownAct()), store.offset(shownAct())) },
  result: { title: () => "Side by side", live: true, load: () => store.result, view: resultView },
  status: { title: () => "Status page", load: publicPage, view: statusView },
});

$("act-now").addEventListener("click", () => commands.open());
addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, select, textarea");
  const wanted = (event.key === "k" && (event.ctrlKey || event.metaKey)) || (event.key === "/" && !typing);
  if (!wanted || $("sheet").open) return;
  event.preventDefault();
  commands.open();
});
start();
