package browser

import (
	"fmt"
	"math"
)

// world is a made-up run: two acts of the same incident, of which every figure
// is a function of the act's time, so that a picture of it is always the same.
type world struct {
	nodes, users, keys int
	// name makes the ID of a node; nil numbers them.
	name func(int) string
	// poisonKey and poisonValue are the bad key and what is shown of its value.
	poisonKey, poisonValue string
}

// The life of an act, in milliseconds since its start.
const (
	actCut   = 15_000 // the write is cut
	actHeal  = 24_000 // a good one replaces it
	actEnd   = 60_000
	actGap   = 5_000 // from one act's end to the next one's start
	worldEra = int64(1_790_000_000_000)
)

type m = map[string]any

func newWorld(nodes int) world {
	return world{nodes: nodes, users: 2000, keys: 12, poisonKey: "/services/api/api-4", poisonValue: ""}
}

func (w world) node(i int) string {
	if w.name != nil {
		return w.name(i)
	}
	return fmt.Sprintf("node-%d", i+1)
}

// start is when an act began, as Unix milliseconds.
func (world) start(act int) int64 { return worldEra + int64(act)*(actEnd+actGap) }

// away is when a node of the naive act exits, and when it is ready again; a node that stays has neither.
func (w world) away(act, i int) (from, to float64, ok bool) {
	if act != 0 || i%3 == 0 {
		return 0, 0, false
	}
	spread := float64((i*7919)%97) / 97
	return actCut + 3200 + 2600*spread, actCut + 11000 + 7000*spread, true
}

// sessions is what one node carries: nothing while it is away, and a growing
// part of what it had after that.
func (w world) sessions(act, i int, t float64) int {
	each := float64(w.users) / float64(max(1, w.nodes))
	arrived := min(1, t/8000)
	if from, to, ok := w.away(act, i); ok && t >= from {
		arrived = max(0, min(1, (t-to)/12000))
	}
	return int(math.Round(each * arrived))
}

func (w world) state(act, i int, t float64) string {
	from, to, ok := w.away(act, i)
	switch {
	case t < 1000:
		return "starting"
	case ok && t >= from && t < to-3000:
		return "down"
	case ok && t >= to-3000 && t < to:
		return "starting"
	case t >= actCut && t < actHeal && (act == 1 || !ok || t < from):
		return "degraded"
	}
	return "up"
}

func (w world) rows(act int, t float64) []m {
	rows := make([]m, 0, w.nodes)
	for i := range w.nodes {
		from, _, ok := w.away(act, i)
		restarts, exits := 0, 0
		if act == 0 && t >= actCut && t < actHeal {
			restarts = 1 + i%3
		}
		if ok && t >= from {
			exits = 1
		}
		rows = append(rows, m{
			"id": w.node(i), "state": w.state(act, i, t), "sessions": w.sessions(act, i, t),
			"restarts": restarts, "intensity": 3, "window_ms": 5000, "exits": exits,
		})
	}
	return rows
}

// totals are the sessions that are connected and the nodes that are away.
func (w world) totals(act int, t float64) (connected, away int) {
	for i := range w.nodes {
		connected += w.sessions(act, i, t)
		if s := w.state(act, i, t); s == "down" || s == "starting" {
			away++
		}
	}
	return connected, away
}

// band is the capacity band of one moment.
func (w world) band(act int, t float64) m {
	connected, away := w.totals(act, t)
	before, _ := w.totals(act, t-200)
	throttle := any(nil)
	if act == 0 && t >= actCut+9000 && t < actCut+26000 {
		throttle = 120
	}
	return m{
		"sessions": connected, "offered": max(0, connected-before)*5 + 3*w.lost(act, t)/20, "throttle": throttle,
		"capacity": w.users * (w.nodes - away) / max(1, w.nodes) * 5 / 4, "users": w.users,
	}
}

// frame is what the page is told of one moment.
func (w world) frame(act int, t float64, whole bool) m {
	connected, away := w.totals(act, t)
	poisoned := t >= actCut && t < actHeal
	f := m{
		"t": t, "act": act, "verdict": w.verdict(act, t, connected, away),
		"band":     w.band(act, t),
		"registry": w.registry(act, t, poisoned), "chain": w.chain(act, t),
		"messages": m{"acked": int(t / 50), "undelivered": w.lost(act, t) / 90, "lost": 0},
	}
	if whole {
		f["whole"], f["nodes"], f["flags"] = true, w.rows(act, t), w.flags(act, -1, t)
		return f
	}
	old := w.rows(act, t-200)
	var changed []m
	for i, row := range w.rows(act, t) {
		if fmt.Sprint(row) != fmt.Sprint(old[i]) {
			changed = append(changed, row)
		}
	}
	f["nodes"], f["flags"] = changed, w.flags(act, t-200, t)
	return f
}

// lost is how many of the users who were there at the cut are not.
func (w world) lost(act int, t float64) int {
	connected, _ := w.totals(act, t)
	if t < actCut {
		return 0
	}
	return max(0, w.users-connected)
}

func (w world) verdict(act int, t float64, connected, away int) m {
	lost := 100 * (w.users - connected) / max(1, w.users)
	switch {
	case w.nodes == 0:
		return m{"level": "starting", "text": "starting: no chat node yet"}
	case t < 8000:
		return m{"level": "starting", "text": fmt.Sprintf("starting: %d of %d users connected", connected, w.users)}
	case t < actCut:
		return m{"level": "ok", "text": fmt.Sprintf("ok: %d of %d nodes up, every user connected", w.nodes-away, w.nodes)}
	case away > 0:
		return m{"level": "cascading", "text": fmt.Sprintf("cascading: %d of %d nodes down, sessions −%d %%, reconnect storm", away, w.nodes, lost)}
	case t < actHeal:
		return m{"level": "poisoned", "text": "poisoned: 1 key bad, 0 nodes affected"}
	case lost > 1:
		return m{"level": "recovering", "text": fmt.Sprintf("recovering: all nodes up, sessions −%d %%, users come back at the throttle", lost)}
	}
	_ = act
	return m{"level": "ok", "text": fmt.Sprintf("ok: %d of %d nodes up, every user connected", w.nodes, w.nodes)}
}

func (w world) registry(act int, t float64, poisoned bool) m {
	r := m{"live": w.keys, "quarantined": 0, "limbo": 0, "held": 0, "watchers": w.nodes + 1, "index": 400 + int(t/300), "bad": []m{}}
	if poisoned {
		r["live"] = w.keys - 1
		r[map[int]string{0: "limbo", 1: "quarantined"}[act]] = 1
		r["bad"] = []m{{"key": w.poisonKey, "class": "empty", "since_ms": t - actCut, "preview": w.poisonValue}}
	}
	return r
}

func (w world) chain(act int, t float64) m {
	c := m{"writes": 0, "keys": 0, "failures": 0, "restarts": 0, "escalations": 0, "exits": 0, "sessions": 0, "reconnects": 0}
	if t < actCut {
		return c
	}
	c["writes"], c["keys"] = 1, 1
	if act == 1 {
		return c
	}
	exits, sessions := 0, 0
	for i := range w.nodes {
		if from, _, ok := w.away(act, i); ok && t >= from {
			exits++
			sessions += w.users / max(1, w.nodes)
		}
	}
	crashes := min(4, int((t-actCut)/900)+1) * w.nodes
	c["failures"], c["restarts"], c["escalations"], c["exits"] = crashes, crashes-exits, exits, exits
	c["sessions"], c["reconnects"] = sessions, sessions*2
	return c
}

// flags are those of an act after one moment and up to another.
func (w world) flags(act int, after, until float64) []m {
	all := []m{{"t": float64(actCut), "kind": "poison", "text": "announcement of api-4 cut after its headers"}}
	for i := range w.nodes {
		if from, _, ok := w.away(act, i); ok {
			all = append(all, m{"t": from, "kind": "exit", "text": w.node(i) + " exited with code 70"})
		}
	}
	if act == 0 {
		all = append(all, m{"t": float64(actCut + 7500), "kind": "page", "text": "SEV1 opened"}, m{"t": float64(actCut + 9000), "kind": "throttle", "text": "connects throttled to 120/s"})
	} else {
		all = append(all, m{"t": float64(actCut + 300), "kind": "guard", "text": "api-4 quarantined by every node"})
	}
	all = append(all, m{"t": float64(actHeal), "kind": "heal", "text": "announced again, in full"})
	if act == 0 {
		all = append(all, m{"t": float64(actCut + 26000), "kind": "throttle", "text": "throttle taken off"})
	}
	var within []m
	for _, flag := range all {
		if t, _ := flag["t"].(float64); t > after && t <= until {
			within = append(within, flag)
		}
	}
	return within
}
