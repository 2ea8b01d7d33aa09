package main

import (
	"fmt"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/page"
	"github.com/firebreak-go/firebreak/registry"
)

// boot starts nodes: all of them at first, and those that exited after a while.
func (a *act) boot(now time.Time) {
	for i, n := range a.nodes {
		first := n.life == 0 && now.After(a.part(0.1*float64(i+1)/float64(len(a.nodes)+1)))
		again := n.life > 0 && !n.up && now.After(n.back)
		if !first && !again {
			continue
		}
		n.life++
		n.up = true
		for _, change := range []page.ProcessChange{page.ProcessStarted, page.ProcessReady} {
			a.fold.Apply(page.ProcessSeen{At: now, Node: n.name, Life: n.life, Change: change})
		}
	}
}

// poison writes the bad values; naive nodes will crash on them.
func (a *act) poison(now time.Time) {
	a.poisoned = true
	cut := now.UnixMilli()
	a.info.Cut = &cut
	a.feed.PublishAct(a.info)
	for i := range a.bad {
		switch i {
		case 1:
			a.put(now, i, `<img src=x onerror=alert(1)>`+"\x00\n", "syntax")
		default:
			a.put(now, i, "", "empty")
		}
	}
	if !a.naive {
		return
	}
	for i, n := range a.nodes {
		crashes := 4
		if i%3 == 2 {
			crashes = 2
		}
		at := now
		for range crashes {
			at = at.Add(time.Duration(200+a.random.IntN(600)) * time.Millisecond)
			n.crashes = append(n.crashes, at)
		}
	}
}

func (a *act) heal(now time.Time) {
	a.healed = true
	for i := range a.bad {
		a.put(now, i, good(i), "good")
		for _, n := range a.nodes {
			if n.up && !a.naive {
				a.fold.Apply(page.NodeTold{Node: n.name, Life: n.life, Event: actors.Event{At: now, Kind: actors.EventKeyReleased, Key: keyName(i), Index: registry.Index(a.index0)}})
			}
		}
	}
	a.fold.Apply(page.Flagged{At: now, Kind: page.FlagAction, Text: "the announcer wrote its record again"})
}

// crash lets nodes restart their watchers, and exit with the fourth time.
func (a *act) crash(now time.Time) {
	for _, n := range a.nodes {
		for n.up && len(n.crashes) > 0 && now.After(n.crashes[0]) {
			last := len(n.crashes) == 1
			n.crashes = n.crashes[1:]
			event := func(kind actors.EventKind, class string) {
				a.fold.Apply(page.NodeTold{Node: n.name, Life: n.life, Event: actors.Event{
					At: now, Kind: kind, Child: "root/service/api/watcher", Class: class,
				}})
			}
			event(actors.EventChildExited, "panic")
			event(actors.EventChildRestarting, "")
			if !last || nodeNumber(n.name)%3 == 0 {
				continue
			}
			event(actors.EventSupervisorGaveUp, "")
			n.up, n.back = false, now.Add(5*time.Second)
			a.lost += int64(n.sessions)
			a.connected -= n.sessions
			n.sessions = 0
			a.fold.Apply(page.ProcessSeen{At: now, Node: n.name, Life: n.life, Change: page.ProcessExited, Code: 70})
		}
	}
}

func nodeNumber(name string) (n int) {
	_, _ = fmt.Sscanf(name, "node-%d", &n) // the script's own names
	return n
}

// connect lets those users in who are not, a fortieth of all a step.
func (a *act) connect(now time.Time) {
	missing := a.users - a.connected
	serving := a.fold.Guards() == nil && missing == 0
	step := min(missing, max(1, a.users/40))
	a.attempts += int64(step)
	if missing > 0 && a.poisoned {
		a.attempts += int64(min(missing, a.users/10))
	}
	for range step {
		n := a.nodes[a.random.IntN(len(a.nodes))]
		if n.up {
			n.sessions++
			a.connected++
		}
	}
	a.fold.Apply(page.LoadSeen{
		At: now, Life: 1, Connected: a.connected, Lost: a.lost, Attempts: a.attempts,
		Messages: page.Messages{Acked: int64(now.Sub(a.start).Seconds() * 20)},
	})
	if serving {
		a.fold.Apply(page.ServingSeen{At: now})
	}
}

// end closes the act and leaves in the recording what is behind its frames.
func (a *act) end(now time.Time, keep func(string, any)) {
	a.fold.Apply(page.ActOver{At: now, Summary: fmt.Sprintf("%d sessions were lost", a.lost)})
	end := now.UnixMilli()
	a.info.End = &end
	a.feed.PublishAct(a.info)
	a.feed.PublishFrame(a.fold.Frame(now))
	for i := range min(a.keys, 20) {
		if d, known := a.fold.Key(keyName(i)); known {
			keep("key", d)
		}
	}
	for _, n := range a.nodes {
		keep("node", a.tree(n, now))
	}
}

func (a *act) tree(n *cell, now time.Time) page.NodeDetail {
	watcher := page.TreeNode{ID: "watcher", Kind: "child", State: "running", Restarts: 2}
	entries := page.TreeNode{ID: "entries", Kind: "supervisor", State: "running", Intensity: -1}
	for i := range min(a.keys, 12) {
		child := page.TreeNode{ID: fmt.Sprintf("api-%d", i+1), Kind: "child", State: "running"}
		if i == 0 {
			child.State, child.BackoffMS, child.LastExit = "parked", 21_000, "error: registry: bad value (empty)"
		}
		if i == 1 {
			child.State, child.BackoffMS, child.Restarts = "backing off", 1500, 3
		}
		entries.Children = append(entries.Children, child)
	}
	service := page.TreeNode{
		ID: "api", Kind: "supervisor", State: "running", Intensity: 3, WindowMS: 5000, Used: 2,
		Children: []page.TreeNode{{ID: "reader", Kind: "child", State: "running"}, watcher, entries},
	}
	d := page.NodeDetail{ID: n.name, Decisions: []page.Decision{}, Tree: &page.TreeNode{
		ID: "root", Kind: "supervisor", State: "running", Intensity: 3, WindowMS: 5000, Children: []page.TreeNode{service},
	}}
	for i := range 50 {
		d.Decisions = append(d.Decisions, page.Decision{
			T: now.Add(time.Duration(i-50) * time.Second).UnixMilli(), Text: "child exited root/service/api/watcher: restart child watcher in 200ms",
		})
	}
	return d
}
