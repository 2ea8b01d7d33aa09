package cluster

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/firebreak-go/firebreak/actors"
)

func TestGatherer(t *testing.T) {
	exited := "exited with code 70 (restart intensity exceeded)"
	at := func(s float64, subject, text string, amount int64) note {
		return note{at: instant(s), act: "naive", subject: subject, text: text, amount: amount}
	}
	for _, row := range []struct {
		name  string
		notes []note
		now   float64
		want  []string
	}{
		{
			"one event is one line",
			[]note{at(12.3, "node-3", exited, 0)},
			13,
			[]string{"  12.3s  naive     node-3 exited with code 70 (restart intensity exceeded)"},
		},
		{"a line waits for more of its kind", []note{at(12.3, "node-3", exited, 0)}, 12.59, nil},
		{
			"many of a kind are one line",
			[]note{at(1, "node-3", exited, 0), at(1.1, "node-1", exited, 0), at(1.2, "node-2", exited, 0), at(1.2, "node-4", exited, 0), at(1.2, "node-5", exited, 0)},
			1.3,
			[]string{"   1.0s  naive     node-1, node-2, node-3 and 2 more " + exited},
		},
		{
			"the same again and again is a count",
			[]note{at(1, "node-1", "crashed", 0), at(1, "node-2", "crashed", 0), at(1, "node-1", "crashed", 0)},
			2,
			[]string{"   1.0s  naive     node-1 and node-2 crashed (3 times in all)"},
		},
		{
			"amounts add up",
			[]note{at(1, "", "sessions lost", 1200), at(1.05, "", "sessions lost", 800)},
			2,
			[]string{"   1.0s  naive     sessions lost: 2,000"},
		},
		{
			"lines keep the order of what happened",
			[]note{at(1.2, "", "third", 0), at(1, "", "second", 0), at(1.1, "", "first", 0), at(0.9, "", "first", 0)},
			1.35,
			[]string{"   0.9s  naive     first", "   1.0s  naive     second"},
		},
		{
			"a note from before the start",
			[]note{at(-5, "", "early", 0)},
			1,
			[]string{"   0.0s  naive     early"},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			g := gatherer{start: instant(0)}
			for _, n := range row.notes {
				g.add(n)
			}
			if got := g.due(instant(row.now)); !slices.Equal(got, row.want) {
				t.Errorf("lines:\n got %q\nwant %q", got, row.want)
			}
		})
	}
}

func TestGathererKeepsActsApartAndForgetsNothing(t *testing.T) {
	g := gatherer{start: instant(0)}
	g.add(note{at: instant(1), act: "naive", text: "recovered"})
	g.add(note{at: instant(1), act: "isolated", text: "recovered"})
	want := []string{"   1.0s  naive     recovered", "   1.0s  isolated  recovered"}
	if got := g.rest(); !slices.Equal(got, want) {
		t.Errorf("lines: got %q, want %q", got, want)
	}
	if got := g.rest(); got != nil {
		t.Errorf("lines after all were taken: got %q, want none", got)
	}
}

func TestStatusLine(t *testing.T) {
	s := status{act: "naive", connected: 1234, users: 2000, ready: 5, nodes: 6, badKeys: 1}
	want := "  12.3s  naive     sessions 1,234/2,000   nodes 5/6   bad keys 1"
	if got := s.line(12300 * time.Millisecond); got != want {
		t.Errorf("status line:\n got %q\nwant %q", got, want)
	}
}

func TestPainterRedrawsInPlace(t *testing.T) {
	var out bytes.Buffer
	p := painter{out: &out}
	for _, step := range []struct {
		name   string
		lines  []string
		moving string
		want   string
	}{
		{"nothing to draw", nil, "", ""},
		{"first status", nil, "s1", "s1"},
		{"the same status", nil, "s1", ""},
		{"another status", nil, "s2", "\r\x1b[Ks2"},
		{"event lines clear it and draw it again below", []string{"a", "b"}, "s2", "\r\x1b[Ka\nb\ns2"},
		{"the end clears it", []string{"c"}, "", "\r\x1b[Kc\n"},
		{"without a status there is nothing to clear", []string{"d"}, "", "d\n"},
	} {
		out.Reset()
		p.paint(step.lines, step.moving)
		if got := out.String(); got != step.want {
			t.Errorf("%s: got %q, want %q", step.name, got, step.want)
		}
	}
}

// lockedBuffer is written by the screen and read by its test.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) take() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer b.buf.Reset()
	return b.buf.String()
}

func TestScreen(t *testing.T) {
	for _, terminal := range []bool{true, false} {
		t.Run(fmt.Sprintf("terminal=%v", terminal), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out lockedBuffer
				began := time.Now()
				s := newScreen(&out, terminal, began)
				defer s.close()
				s.show(status{act: "naive", connected: 1, users: 2, nodes: 6})
				s.show(status{act: "naive", connected: 2, users: 2, nodes: 6}) // replaces the one before
				time.Sleep(150 * time.Millisecond)
				synctest.Wait()
				want := ""
				if terminal {
					want = "   0.1s  naive     sessions 2/2   nodes 0/6   bad keys 0"
				}
				if got := out.take(); got != want {
					t.Errorf("status line: got %q, want %q", got, want)
				}
				s.tell(note{at: time.Now(), act: "naive", text: "it happened"})
				s.show(status{over: true})
				time.Sleep(time.Second)
				s.tell(note{at: time.Now(), act: "naive", text: "the end"})
				s.close()
				s.close()
				got := strings.ReplaceAll(out.take(), clearLine, "")
				if want := "   0.1s  naive     it happened\n   1.1s  naive     the end\n"; !strings.HasSuffix(got, want) {
					t.Errorf("lines: got %q, want them to end with %q", got, want)
				}
			})
		})
	}
}

func TestStatusLineFitsTheTerminal(t *testing.T) {
	s := screen{terminal: true, start: instant(0), width: func() int { return 20 }}
	got := s.moving(status{act: "naive", users: 2000}, instant(1))
	if n := len([]rune(got)); n != 19 {
		t.Errorf("status line on 20 columns: got %d (%q), want 19, so that it does not wrap", n, got)
	}
	if got := terminalWidth(&bytes.Buffer{}); got != 80 {
		t.Errorf("width of what is no terminal: got %d, want 80", got)
	}
}

func TestTexts(t *testing.T) {
	for _, row := range []struct{ got, want string }{
		{thousands(0), "0"},
		{thousands(999), "999"},
		{thousands(1000), "1,000"},
		{thousands(-1234567), "-1,234,567"},
		{count(1, "key"), "1 key"},
		{count(0, "key"), "0 keys"},
		{list(nil), ""},
		{list([]string{"a"}), "a"},
		{list([]string{"a", "b", "c"}), "a, b and c"},
		{list([]string{"a", "b", "c", "d", "e"}), "a, b, c and 2 more"},
		{truncate("12345", 5), "12345"},
		{truncate("123456", 5), "1234…"},
		{truncate("1", 0), ""},
		{seconds(40 * time.Millisecond), "40 ms"},
		{seconds(9400 * time.Millisecond), "9.4 s"},
		{offline(0), "none"},
		{offline(59.94), "59.9 s"},
		{offline(60), "1 min 00 s"},
		{offline(9120.5), "2 h 32 min"},
		{quoted("a\x1bb", 32), `"a\x1bb"`},
		{quoted("abcdef", 3), `"abc"…`},
		{wrap("aa bb cc", 5), "aa bb\ncc\n"},
	} {
		if row.got != row.want {
			t.Errorf("text: got %q, want %q", row.got, row.want)
		}
	}
}

// TestBadKeysOfTheStatusLine: a naive node has no quarantine, and a poisoned
// directory is not a healthy one for that.
func TestBadKeysOfTheStatusLine(t *testing.T) {
	b := newBoard([]string{"node-1"})
	for _, step := range []struct {
		name string
		e    event
		want int
	}{
		{"a good record", recordSeen{Key: badKey, Good: true}, 0},
		{"a bad one", recordSeen{Key: badKey}, 1},
		{"that a node quarantines", nodeReported{Node: "node-1", Kind: actors.EventKeyQuarantined, Key: badKey}, 1},
		{"and that was repaired, but the node has not heard", recordSeen{Key: badKey, Good: true}, 1},
		{"until it has", nodeReported{Node: "node-1", Kind: actors.EventKeyReleased, Key: badKey}, 0},
	} {
		b.apply(step.e)
		if got := b.badKeys(); got != step.want {
			t.Errorf("bad keys with %s: got %d, want %d", step.name, got, step.want)
		}
	}
}
