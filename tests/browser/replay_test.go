package browser

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/heapprofiler"
)

// counting counts the frames that come, before the page's own script runs.
const counting = `window.frameCount = 0;
	const listen = EventSource.prototype.addEventListener;
	EventSource.prototype.addEventListener = function (kind, f) {
		listen.call(this, kind, kind === "frame" ? (e) => { frameCount++; f(e); } : f);
	};`

// TestHeapStaysFlat replays 3,000 recorded frames at ten times their speed: what
// the page holds after them is what it held after 300.
func TestHeapStaysFlat(t *testing.T) {
	if testing.Short() {
		t.Skip("replays ten minutes in one")
	}
	browser(t)
	speed := "10"
	if os.Getenv("FIREBREAK_SOAK") != "" {
		speed = "1" // ten minutes
	}
	address := demo(t, "--speed="+speed, "--replay="+recording(t, "-nodes=200", "-keys=10000", "-frames=3300"))
	b := open(t, 1440, 900, "light")
	b.before(t, counting)
	b.visit(t, address)
	b.reach(t, 300)
	early, elements := b.heap(t), eval[int](t, b, `document.querySelectorAll("*").length`)
	b.reach(t, 3000)
	late, more := b.heap(t), eval[int](t, b, `document.querySelectorAll("*").length`)
	t.Logf("heap after a forced collection: %d bytes after 300 frames, %d after 3,000", early, late)
	if late > early*105/100 {
		t.Errorf("heap: got %d bytes after 3,000 frames, %d after 300, want at most 5 %% more", late, early)
	}
	t.Logf("elements: %d, then %d", elements, more)
	if more > elements*105/100 {
		t.Errorf("elements: got %d after 3,000 frames, %d after 300, want at most 5 %% more", more, elements)
	}
	b.clean(t, address)
}

// reach waits until so many frames have come.
func (b *tab) reach(tb testing.TB, frames int) {
	tb.Helper()
	for eval[int](tb, b, `frameCount`) < frames {
		before := eval[int](tb, b, `frameCount`)
		b.until(tb, fmt.Sprintf(`frameCount >= %d`, min(frames, before+100)))
	}
}

// heap is what the page's scripts hold after a forced collection: objects, texts
// and the memory behind typed arrays. The engine's own machine code, which it
// makes of what runs often, and its elements, which are counted, are left out.
func (b *tab) heap(tb testing.TB) int64 {
	tb.Helper()
	for range 3 {
		ask(tb, b, heapprofiler.CollectGarbage, cdp.Empty{})
	}
	b.mu.Lock()
	b.snapshot.Reset()
	b.mu.Unlock()
	ask(tb, b, heapprofiler.TakeHeapSnapshot, heapprofiler.TakeHeapSnapshotParams{})
	b.mu.Lock()
	defer b.mu.Unlock()
	size, err := held(b.snapshot.String())
	if err != nil {
		tb.Fatalf("heap: got %v, want a snapshot", err)
	}
	return size
}

// held adds up a snapshot: a list of numbers, so many for each object, and the names they point to.
func held(snapshot string) (int64, error) {
	var s struct {
		Snapshot struct {
			Meta struct {
				Fields []string `json:"node_fields"`
				Types  []any    `json:"node_types"`
			} `json:"meta"`
		} `json:"snapshot"`
		Nodes   []int64  `json:"nodes"`
		Strings []string `json:"strings"`
	}
	if err := json.Unmarshal([]byte(snapshot), &s); err != nil {
		return 0, err
	}
	fields := s.Snapshot.Meta.Fields
	kind, name, size := slices.Index(fields, "type"), slices.Index(fields, "name"), slices.Index(fields, "self_size")
	if kind < 0 || name < 0 || size < 0 || len(s.Snapshot.Meta.Types) == 0 {
		return 0, fmt.Errorf("fields %v, want type, name and self_size", fields)
	}
	kinds, _ := s.Snapshot.Meta.Types[kind].([]any)
	total := int64(0)
	for node := range slices.Chunk(s.Nodes, len(fields)) {
		switch kinds[node[kind]] {
		case "code":
		case "native":
			if strings.Contains(s.Strings[node[name]], "ArrayBufferData") {
				total += node[size]
			}
		default:
			total += node[size]
		}
	}
	return total, nil
}

// TestReplay shows a recorded run through the real server, and what is behind it.
func TestReplay(t *testing.T) {
	browser(t)
	address := demo(t, "--speed=20", "--replay="+root+"/cmd/chatnode/internal/page/testdata/run.jsonl")
	b := open(t, 1440, 900, "light")
	b.visit(t, address)
	b.until(t, `!document.getElementById("result").hidden`)
	for hash, want := range map[string]string{"node/node-2": "Supervision tree", "result": "isolated", "flags": "bad write"} {
		eval[bool](t, b, fmt.Sprintf(`location.hash = %q, true`, hash))
		b.until(t, fmt.Sprintf(`document.getElementById("sheet").open && document.getElementById("sheet").innerText.includes(%q)`, want))
	}
	for _, problem := range eval[[]string](t, b, cutOff) {
		t.Errorf("%s, want everything inside", problem)
	}
	b.clean(t, address)
}

// BenchmarkFrames replays 200 nodes and 10,000 keys at their own speed, and
// measures the time between two frames of the screen, and what of it the page's
// scripts take.
func BenchmarkFrames(b *testing.B) {
	browser(b)
	address := demo(b, "--replay="+recording(b, "-nodes=200", "-keys=10000", "-frames=3300"))
	page := open(b, 1440, 900, "light")
	page.before(b, counting)
	page.visit(b, address)
	for b.Loop() {
		got := eval[struct{ Median, P95, Busy float64 }](b, page, `(async () => {
			const gaps = [], until = performance.now() + 10000;
			let last = await new Promise(requestAnimationFrame), busy = 0;
			const watch = new PerformanceObserver((list) => list.getEntries().forEach((e) => (busy += e.duration)));
			watch.observe({ entryTypes: ["longtask"] });
			while (performance.now() < until) {
				const now = await new Promise(requestAnimationFrame);
				gaps.push(Math.round((now - last) * 10) / 10);
				last = now;
			}
			watch.disconnect();
			gaps.sort((a, b) => a - b);
			return { Median: gaps[gaps.length >> 1], P95: gaps[Math.floor(gaps.length * 0.95)], Busy: busy };
		})()`)
		b.ReportMetric(got.Median, "median-ms")
		b.ReportMetric(got.P95, "p95-ms")
		b.ReportMetric(got.Busy, "long-tasks-ms")
	}
}
