package browser

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// slider is the part of the axis that a plot shows, and where its cursor is.
type slider struct{ Min, Max, Now float64 }

// sliders reads all plots: the band, and both acts.
func sliders(t *testing.T, b *tab) []slider {
	t.Helper()
	eval[bool](t, b, `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))`)
	return eval[[]slider](t, b, `[...document.querySelectorAll(".surface")].map((e) => ({
		Min: Number(e.getAttribute("aria-valuemin")), Max: Number(e.getAttribute("aria-valuemax")), Now: Number(e.getAttribute("aria-valuenow")) }))`)
}

// TestPlotsShareTheirCursor: keys in one plot move the cursor in all, and the
// part of the axis that is shown.
func TestPlotsShareTheirCursor(t *testing.T) {
	s := &stage{world: newWorld(6), act: 1, from: 40_000, hush: true} // so that no frame draws what a cursor should have
	address := s.serve(t)
	b := open(t, 1440, 900, "light")
	b.visit(t, address)
	b.until(t, `document.querySelectorAll(".surface").length === 3 && document.getElementById("compare").innerText.includes("20,802 session-seconds")`)
	all := sliders(t, b)
	eval[bool](t, b, `document.querySelector("#band .surface").focus(), true`)
	press := func(keys ...string) []slider {
		for _, key := range keys {
			b.do(t, chromedp.KeyEvent(key))
		}
		return sliders(t, b)
	}
	moved := press(kb.ArrowLeft, kb.ArrowLeft)
	if moved[0].Now >= all[0].Now || moved[0].Now != moved[1].Now || moved[1].Now != moved[2].Now {
		t.Errorf("cursors after two arrows: got %v from %v, want all further left, at one time", moved, all)
	}
	zoomed := press("+", "+")
	if zoomed[0].Max-zoomed[0].Min > (all[0].Max-all[0].Min)/2 || zoomed[2].Min != zoomed[0].Min {
		t.Errorf("axes after zooming: got %v from %v, want less than half, the same in all", zoomed, all)
	}
	if back := press(kb.Escape); back[0] != all[0] {
		t.Errorf("axes after Escape: got %v, want %v", back[0], all[0])
	}
	// The same second of both acts: 6 s after the cut the naive one has lost four of six nodes.
	eval[bool](t, b, `(() => {
		const surface = document.querySelector("#band .surface"), box = surface.getBoundingClientRect();
		const low = box.left + 46, high = box.right - 46;
		const min = Number(surface.getAttribute("aria-valuemin")), max = Number(surface.getAttribute("aria-valuemax"));
		const x = low + (6000 - min) / (max - min) * (high - low);
		surface.dispatchEvent(new PointerEvent("pointermove", { clientX: x, clientY: box.top + 50, bubbles: true }));
		return true;
	})()`)
	b.until(t, `document.getElementById("compare").innerText.replace(/\s+/g, " ").includes("naive: sessions 666 33 % of users")
		&& document.getElementById("compare").innerText.replace(/\s+/g, " ").includes("isolated: sessions 1,998 100 % of users")`)
	// A drag shows what it spans.
	eval[bool](t, b, `(() => {
		const surface = document.querySelector("#band .surface"), box = surface.getBoundingClientRect();
		surface.setPointerCapture = () => {};
		for (const [kind, x] of [["pointerdown", 300], ["pointermove", 400], ["pointerup", 400]]) {
			surface.dispatchEvent(new PointerEvent(kind, { clientX: box.left + x, clientY: box.top + 50, bubbles: true, pointerId: 1 }));
		}
		return true;
	})()`)
	if dragged := sliders(t, b); dragged[0].Max-dragged[0].Min > (all[0].Max-all[0].Min)/4 {
		t.Errorf("axis after a drag over an eighth of it: got %v from %v, want about that", dragged[0], all[0])
	}
	b.clean(t, address)
}

// TestKeyboardReachesEverything walks the page with the tab key: everything that
// can be used is reached, and shows that it has the focus.
func TestKeyboardReachesEverything(t *testing.T) {
	s := &stage{world: newWorld(6), act: 1, from: 21_000}
	address := s.serve(t)
	b := open(t, 1440, 900, "dark")
	b.visit(t, address)
	reached := map[string]bool{}
	for range 40 {
		b.do(t, chromedp.KeyEvent(kb.Tab))
		at := eval[struct {
			Name  string
			Shown bool
		}](t, b, `(() => {
			const e = document.activeElement, style = getComputedStyle(e);
			return { Name: (e.dataset.id || e.getAttribute("aria-label")?.slice(0, 20) || e.textContent).trim().slice(0, 30), Shown: e === document.body || style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 };
		})()`)
		reached[at.Name] = true
		if !at.Shown {
			t.Errorf("%q: has the focus and does not show it", at.Name)
		}
	}
	for _, want := range []string{"naive", "isolated (now)", "Flags", "Status page", "Do something /", "capacity band: arrow", "sessions of act 1: a", "Table", "node-1", "◈/services/api/api-4"} {
		if !reached[want] {
			t.Errorf("tab key: did not reach %q, only %v", want, reached)
		}
	}
	// In the wall the arrows go on, and Enter opens.
	eval[bool](t, b, `document.querySelector("#wall a[tabindex='0']").focus(), true`)
	b.do(t, chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.ArrowDown))
	if got := eval[string](t, b, `document.activeElement.dataset.id`); got != "node-5" {
		t.Errorf("focus after right and down from node-1 of three in a row: got %s, want node-5", got)
	}
	b.do(t, chromedp.KeyEvent(kb.Enter))
	b.until(t, `document.getElementById("sheet").open && document.querySelector("#sheet h2").textContent === "node-5"`)
}

// TestNothingFlickers: however quickly a node changes its mind, its cell changes
// at most three times a second, and with reduced motion nothing fades.
func TestNothingFlickers(t *testing.T) {
	s := &stage{world: newWorld(6), act: 1, from: 40_000}
	address := s.serve(t)
	b := open(t, 1440, 900, "light")
	b.visit(t, address)
	changes := eval[int](t, b, `(async () => {
		const wall = document.createElement("fb-wall");
		document.body.append(wall);
		wall.begin();
		const node = (state) => new Map([["n", { id: "n", state, sessions: 1, restarts: 0, intensity: 3, window_ms: 5000, exits: 0 }]]);
		wall.show(node("up"), null);
		let changes = 0;
		new MutationObserver(() => changes++).observe(wall.querySelector("a"), { attributeFilter: ["data-tone"] });
		const end = performance.now() + 2000;
		for (let i = 0; performance.now() < end; i++) {
			wall.show(node(i % 2 ? "up" : "down"), new Set(["n"]));
			await new Promise((done) => setTimeout(done, 20));
		}
		return changes;
	})()`)
	if changes < 1 || changes > 6 {
		t.Errorf("changes of one cell in two seconds: got %d, want some, and at most six", changes)
	}
	for motion, want := range map[string]string{"no-preference": "0.4s, 0.4s", "reduce": "0s"} {
		b.media(t, "prefers-reduced-motion", motion)
		if got := eval[string](t, b, `getComputedStyle(document.getElementById("verdict")).transitionDuration`); got != want {
			t.Errorf("fading with prefers-reduced-motion %s: got %s, want %s", motion, got, want)
		}
	}
}

// TestStoreFolds checks the folding of messages by itself: it needs no page.
func TestStoreFolds(t *testing.T) {
	s := &stage{world: newWorld(6)}
	address := s.serve(t)
	b := open(t, 1440, 900, "light")
	b.visit(t, address)
	for _, row := range []struct{ what, code, want string }{
		{
			"a whole frame replaces nodes and flags",
			`store.apply("frame", { act: 0, t: 0, whole: true, nodes: [{ id: "a" }, { id: "b" }], flags: [{ t: 0, kind: "exit", text: "x" }] });
			store.apply("frame", { act: 0, t: 200, nodes: [{ id: "c" }], flags: [{ t: 1, kind: "heal", text: "y" }] });
			store.apply("frame", { act: 0, t: 400, whole: true, nodes: [{ id: "d" }], flags: [] });
			return [...store.act(0).nodes.keys(), store.act(0).flags.length]`, `["d",0]`,
		},
		{
			"changed nodes are told, those that are gone too",
			`store.apply("frame", { act: 0, t: 0, nodes: [{ id: "a" }] }); store.changedNodes.clear();
			store.apply("frame", { act: 0, t: 1, whole: true, nodes: [{ id: "b" }] }); return [...store.changedNodes].sort()`, `["a","b"]`,
		},
		{
			"times that go back are left out",
			`for (const t of [0, 200, 100, 200, NaN, 400]) store.apply("frame", { act: 0, t, band: { sessions: t } });
			const s = store.act(0).series; return [...s.t.slice(0, s.length)]`, `[0,200,400]`,
		},
		{
			"a throttle that is none is no number",
			`store.apply("frame", { act: 0, t: 0, band: { sessions: 1, throttle: null } }); return [String(store.act(0).series.throttle[0])]`, `["NaN"]`,
		},
		{
			"history fills what was missed, and what came since stays",
			`for (const t of [5000, 5200]) store.apply("frame", { act: 0, t, band: { sessions: 7 }, flags: [{ t, kind: "exit", text: "live" }] });
			store.apply("series", { act: 0, t: [0, 1000, 5000], sessions: [1, 2, 3], offered: [], throttle: [], capacity: [], flags: [{ t: 10, kind: "poison", text: "old" }, { t: 5000, kind: "exit", text: "live" }] });
			const a = store.act(0); return [...a.series.t.slice(0, a.series.length), a.series.sessions[2], a.flags.length, a.flags[0].text]`, `[0,1000,5000,5200,3,3,"old"]`,
		},
		{
			"acts are laid on their cuts, and one without on that of the other",
			`store.apply("run", { acts: [{ start: 1000, cut: 4000 }, { start: 9000 }] }); const before = store.offset(1);
			store.apply("act", { index: 1, start: 9000, cut: 14000 }); return [store.offset(0), before, store.offset(1)]`, `[3000,3000,5000]`,
		},
		{
			"the act that runs is compared with the newest of another name, and old acts are let go",
			`const pairs = []; const begin = (index, name) => { store.apply("act", { index, name, start: index + 1, end: null }); store.apply("frame", { act: index, t: 1, band: {} }); pairs.push(store.pair().join()); };
			store.apply("run", { acts: [{ name: "naive" }, { name: "isolated" }] });
			begin(0, "naive"); begin(1, "isolated"); begin(2, "isolated"); begin(3, "naive");
			for (let i = 4; i < 9; i++) begin(i, "isolated");
			return [...pairs.slice(0, 5), store.act(0).series.length, store.act(0).info.name, store.act(8).series.length]`, `["0,1","0,1","0,2","3,2","3,4",0,"naive",1]`,
		},
		{
			"the trigger stands from the bad write to the good one",
			`store.apply("frame", { act: 0, t: 0, flags: [{ t: 1, kind: "poison" }, { t: 2, kind: "poison" }, { t: 9, kind: "heal" }, { t: 20, kind: "poison" }] });
			return store.bands(0).map((b) => [b.from, String(b.to)])`, `[[1,"9"],[20,"Infinity"]]`,
		},
		{
			"lost sessions are added up from the cut",
			`[[0, 100], [1000, 100], [2000, 40], [4000, 100], [5000, 100]].forEach(([t, sessions]) => store.apply("frame", { act: 0, t, band: { sessions } }));
			return [store.act(0).series.missing(1000, Infinity), store.act(0).series.missing(1000, 3000)]`, `[120,60]`,
		},
		{
			"an act that begins again is another one",
			`store.apply("act", { index: 0, start: 1 }); store.apply("frame", { act: 0, t: 5, flags: [{ t: 1, kind: "exit", text: "" }] });
			store.apply("act", { index: 0, start: 2 }); return [store.act(0).flags.length, store.act(0).series.length]`, `[0,0]`,
		},
		{
			"flags, bad keys and points are bounded",
			`for (let t = 0; t < 20000; t++) store.apply("frame", { act: 0, t, band: { sessions: t === 10001 ? 0 : 50 }, flags: [{ t, kind: "exit", text: "" }], registry: { bad: Array(60).fill({ key: "k" }) } });
			const a = store.act(0), s = a.series; return [a.flags.length, a.flagsDropped, a.frame.registry.bad.length, s.length <= 4096, Math.min(...s.sessions.slice(0, s.length)), s.last()]`, `[400,19600,50,true,0,19999]`,
		},
	} {
		got := eval[string](t, b, fmt.Sprintf(`import("/assets/store.js").then(({ Store }) => { const store = new Store(); return JSON.stringify((() => { %s })()); })`, row.code))
		if got != row.want {
			t.Errorf("%s: got %s, want %s", row.what, got, row.want)
		}
	}
}
