package browser

import (
	"fmt"
	"strings"
	"testing"
)

// worlds are the runs whose look is checked: ordinary, of long names, of many nodes, of none.
func worlds() map[string]world {
	long := newWorld(6)
	long.name = func(i int) string {
		return fmt.Sprintf("chat-node-with-a-name-of-sixty-three-letters-as-hostnames-have-%02d", i)
	}
	long.poisonKey = "/services/api/" + strings.Repeat("an-instance-id-that-does-not-end-", 6)
	long.poisonValue = strings.Repeat(`{"v":1,`, 30)
	many := newWorld(200)
	many.users, many.keys = 100_000, 10_000
	return map[string]world{"six": newWorld(6), "long": long, "many": many, "forty": newWorld(40), "none": newWorld(0)}
}

// cutOff lists the panels whose content is larger than they are, and what sticks out of the window.
const cutOff = `[
	...[...document.querySelectorAll(".panel, #verdict, fb-plot, fb-wall, fb-keys, fb-chain, header")].filter((e) =>
		e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1).map((e) => (e.id || e.className || e.tagName) + " holds " + e.scrollWidth + "x" + e.scrollHeight + " in " + e.clientWidth + "x" + e.clientHeight),
	...[...document.querySelectorAll("header *, main *")].filter((e) => {
		const box = e.getBoundingClientRect();
		return box.width && !e.closest(".hidden, .cells, .bad, .twin") && (box.right > innerWidth + 1 || box.left < -1);
	}).map((e) => (e.id || e.tagName) + " sticks out"),
	...(document.scrollingElement.scrollWidth > innerWidth ? ["the page is wider than the window"] : []),
]`

// TestEverythingFits: one screen at 1440 x 900 without scrolling, and nothing cut off at other widths.
func TestEverythingFits(t *testing.T) {
	for name, w := range worlds() {
		for _, act := range []int{0, 1} {
			t.Run(fmt.Sprintf("%s act %d", name, act), func(t *testing.T) {
				s := &stage{world: w, act: act, from: 22_000}
				address := s.serve(t)
				b := open(t, 1440, 900, "light")
				b.visit(t, address)
				for _, size := range [][2]int64{{1440, 900}, {1280, 800}, {1920, 1080}, {1024, 768}, {420, 800}} {
					b.resize(t, size[0], size[1])
					for _, problem := range eval[[]string](t, b, cutOff) {
						t.Errorf("%d x %d: %s, want everything inside", size[0], size[1], problem)
					}
					height := eval[int64](t, b, `document.scrollingElement.scrollHeight`)
					if size[0] >= 1440 && height > size[1] {
						t.Errorf("%d x %d: got a page of height %d, want no scrolling", size[0], size[1], height)
					}
				}
				b.clean(t, address)
			})
		}
	}
}

// contrasts lists the texts whose colour is too near to what is behind them.
const contrasts = `(() => {
	const parse = (text) => {
		const n = text.match(/[\d.]+/g).map(Number);
		return { rgb: text.startsWith("color(srgb") ? n.slice(0, 3).map((v) => v * 255) : n.slice(0, 3), alpha: n[3] ?? 1 };
	};
	const light = ({ rgb }) => {
		const [r, g, b] = rgb.map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const ratio = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
	const ground = (e) => {
		for (; e; e = e.parentElement) {
			if (e instanceof SVGElement && e.tagName === "text") {
				const rect = e.parentElement.querySelector("rect");
				if (e.parentElement.classList.contains("box")) return parse(getComputedStyle(rect).fill);
			}
			const color = parse(getComputedStyle(e).backgroundColor);
			if (color.alpha > 0.99) return color;
		}
		return { rgb: [255, 255, 255] };
	};
	const found = [];
	const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (walker.nextNode()) {
		const e = walker.currentNode.parentElement;
		const text = walker.currentNode.textContent.trim();
		const box = e.getBoundingClientRect();
		if (!text || !box.width || !e.checkVisibility({ visibilityProperty: true }) || e.closest("option")) continue;
		const style = getComputedStyle(e);
		const color = parse(e instanceof SVGElement ? style.fill : style.color);
		const got = ratio(color, ground(e));
		window.texts = (window.texts ?? 0) + 1;
		if (got < 4.5) found.push(text.slice(0, 40) + ": " + got.toFixed(2));
	}
	return [...new Set(found)];
})()`

// TestContrast: every text on the page and in its sheets has a contrast of 4.5
// with what is behind it, and every colour that is drawn with one of 3.
func TestContrast(t *testing.T) {
	for _, scheme := range []string{"light", "dark"} {
		s := &stage{world: newWorld(6), act: 0, from: 26_000}
		address := s.serve(t)
		b := open(t, 1440, 900, scheme)
		b.visit(t, address)
		for _, hash := range []string{"", "#node/node-2", "#key/x", "#incident/1", "#flags", "#incidents"} {
			eval[bool](t, b, fmt.Sprintf(`location.hash = %q, true`, hash))
			if hash != "" {
				b.until(t, `document.querySelector(".sheetbody").innerText.length > 20`)
			}
			settle(t, b)
			for _, problem := range eval[[]string](t, b, contrasts) {
				t.Errorf("%s %s: got %s, want a contrast of at least 4.5", scheme, hash, problem)
			}
		}
		eval[bool](t, b, `document.getElementById("sheet").close(), document.getElementById("act-now").click(), true`)
		settle(t, b)
		for _, problem := range eval[[]string](t, b, contrasts) {
			t.Errorf("%s commands: got %s, want a contrast of at least 4.5", scheme, problem)
		}
		if n := eval[int](t, b, `texts`); n < 200 {
			t.Errorf("%s: got %d texts measured, want some hundreds", scheme, n)
		}
		for _, problem := range eval[[]string](t, b, drawn) {
			t.Errorf("%s: got %s, want a contrast of at least 3", scheme, problem)
		}
	}
}

// drawn lists the colours of lines and signs that are too near to the panel's.
const drawn = `(() => {
	const style = getComputedStyle(document.documentElement);
	const light = (hex) => {
		const [r, g, b] = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255).map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const value = (name) => style.getPropertyValue("--" + name).trim();
	const found = [];
	for (const on of ["panel", "bg", "raised"]) {
		for (const name of ["sessions", "capacity", "offered", "throttle", "first", "second", "good", "bad", "warn", "wait", "calm", "act", "edge", "focus", "muted"]) {
			const [a, b] = [light(value(name)), light(value(on))];
			const got = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
			if (!(got >= 3)) found.push(name + " on " + on + ": " + got.toFixed(2));
		}
	}
	return found;
})()`

// settle waits until what fades has faded.
func settle(tb testing.TB, b *tab) {
	tb.Helper()
	eval[bool](tb, b, `new Promise((done) => setTimeout(() => done(true), 600))`)
}
