package main

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/page"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/pulse"
	"github.com/firebreak-go/firebreak/registry"
)

// script is a run to be made up.
type script struct {
	nodes, users, keys, bad, frames int
	seed                            uint64
}

// began is when the run pretends to have begun.
var began = time.Date(2020, 3, 16, 14, 18, 0, 0, time.UTC) //nolint:gochecknoglobals // a date has no constant

// write writes the recording.
func (s script) write(w io.Writer) error {
	if s.nodes < 1 || s.users < 1 || s.keys < 1 || s.bad < 1 || s.bad > s.keys || s.frames < 100 {
		return errors.New("want at least one node, user and key, as many bad keys at most as keys, and 100 frames")
	}
	var failed error
	now := began
	keep := func(kind string, v any) {
		text, err := page.RecordingLine(now.Sub(began), kind, v)
		if err == nil {
			_, err = w.Write(text)
		}
		failed = errors.Join(failed, err)
	}
	run := page.Run{
		Version: "synth", Seed: s.seed, Started: began.UnixMilli(), Users: s.users,
		Params: map[string]string{"nodes": fmt.Sprint(s.nodes), "users": fmt.Sprint(s.users), "keys": fmt.Sprint(s.keys), "bad": fmt.Sprint(s.bad)},
		Acts:   []page.Act{{Name: "naive", Label: "naive"}, {Name: "isolated", Label: "isolated"}},
	}
	for i := range s.nodes {
		run.Nodes = append(run.Nodes, nodeName(i))
	}
	feed := page.NewFeed(run, keep)
	for i, act := range run.Acts {
		a := newAct(s, i, act, feed, now, run.Nodes)
		for range s.frames / 2 {
			now = now.Add(page.FramePeriod)
			a.step(now)
		}
		a.end(now, keep)
	}
	feed.PublishResult(page.Result{
		Index: 1, Columns: []string{"naive", "isolated"}, Verdict: "A run that never was.",
		Rows: [][]string{{"chat nodes", fmt.Sprint(s.nodes), fmt.Sprint(s.nodes)}, {"keys that turned bad", fmt.Sprint(s.bad), fmt.Sprint(s.bad)}},
	})
	return failed
}

func nodeName(i int) string { return fmt.Sprintf("node-%d", i+1) }

func keyName(i int) string { return fmt.Sprintf("/services/api/api-%d", i+1) }

// act plays one act, a frame at a time.
type act struct {
	script
	index  int
	naive  bool
	feed   *page.Feed
	fold   *page.Fold
	info   page.ActEvent
	start  time.Time
	length time.Duration
	random *rand.Rand
	nodes  []*cell
	// what the load counts
	connected      int
	lost, attempts int64
	written        int // keys that are in etcd
	index0         uint64
	poisoned       bool
	healed         bool
	first          bool
}

// cell is one chat node of the script.
type cell struct {
	name     string
	life     int
	up       bool
	crashes  []time.Time // still to come
	back     time.Time   // when it starts again
	sessions int
}

func newAct(s script, index int, info page.Act, feed *page.Feed, start time.Time, nodes []string) *act {
	ms := start.UnixMilli()
	info.Start = &ms
	a := &act{
		script: s, index: index, naive: info.Name == "naive", feed: feed, start: start, first: true,
		length: time.Duration(s.frames/2) * page.FramePeriod, random: rand.New(rand.NewPCG(s.seed, uint64(index))),
		info: page.ActEvent{Index: index, Act: info}, index0: uint64(1000 * (index + 1)),
	}
	intensity, window := 5, 30*time.Second
	if a.naive {
		intensity, window = 3, 5*time.Second
	}
	a.fold = page.NewFold(page.FoldConfig{Act: index, Start: start, Nodes: nodes, Users: s.users, Intensity: intensity, Window: window})
	for _, name := range nodes {
		a.nodes = append(a.nodes, &cell{name: name})
	}
	feed.PublishAct(a.info)
	return a
}

// part is a moment of the act, as a part of its length.
func (a *act) part(of float64) time.Time {
	return a.start.Add(time.Duration(of * float64(a.length)))
}

// step is one frame's time.
func (a *act) step(now time.Time) {
	a.announce(now)
	a.boot(now)
	if !a.poisoned && now.After(a.part(0.4)) {
		a.poison(now)
	}
	if a.poisoned && !a.healed && now.After(a.part(0.6)) {
		a.heal(now)
	}
	a.crash(now)
	a.connect(now)
	a.fold.Apply(page.EtcdSeen{Watchers: 2 * len(a.nodes)})
	for _, n := range a.nodes {
		if n.up {
			a.fold.Apply(page.PulseSeen{At: now, Node: n.name, Life: n.life, Pulse: a.pulse(n)})
		}
	}
	frame := a.fold.Frame(now)
	frame.Whole, a.first = a.first, false
	a.feed.PublishFrame(frame)
}

func (a *act) pulse(n *cell) pulse.Pulse {
	p := pulse.Pulse{Sessions: n.sessions, Live: a.written, Index: a.index0}
	if a.poisoned && !a.healed && !a.naive {
		p.Quarantined, p.Live = a.bad, a.written-a.bad
	}
	return p
}

// announce writes the keys, within the first fifth of the act.
func (a *act) announce(now time.Time) {
	due := int(float64(a.keys) * min(1, float64(now.Sub(a.start))/float64(a.length)*5))
	for ; a.written < due; a.written++ {
		a.put(now, a.written, good(a.written), "good")
	}
}

func good(i int) string {
	return fmt.Sprintf(`{"v":1,"service":"api","id":"api-%d","host":"10.0.0.7","port":50051}`, i+1)
}

// put writes a key, and lets every node that is up take it or not.
func (a *act) put(now time.Time, i int, value, verdict string) {
	a.index0++
	a.fold.Apply(page.WriteSeen{At: now, Key: keyName(i), Value: value, Index: a.index0, Verdict: verdict})
	event := actors.Event{At: now, Kind: actors.EventInstanceUpdated, Key: keyName(i), Index: registry.Index(a.index0)}
	if verdict != "good" {
		event.Kind, event.Class = actors.EventKeyQuarantined, verdict
	}
	for _, n := range a.nodes {
		if n.up && (verdict == "good" || !a.naive) && (a.keys <= 100 || verdict != "good") {
			a.fold.Apply(page.NodeTold{Node: n.name, Life: n.life, Event: event})
		}
	}
}
