package page

import (
	"maps"
	"slices"
	"time"
)

// FoldConfig says what an act is made of.
type FoldConfig struct {
	Act   int
	Start time.Time
	Nodes []string
	Users int
	// Intensity and Window are the restarts that a chat node's supervisors bear.
	Intensity int
	Window    time.Duration
}

// Fold makes frames of what was seen in an act. It is pure: no clock, and used by
// one goroutine at a time.
type Fold struct {
	cfg   FoldConfig
	nodes map[string]*nodeFold
	order []string
	load  loadFold
	keys  keyFold
	chain Chain

	serving  time.Time
	unread   int64 // messages that were acknowledged and could not be read
	over     *ActOver
	watchers int
	throttle *float64
	alarms   []IncidentDetail
	guards   map[string]map[string]bool // engaged guards, and by which nodes
	lastFall time.Time

	sent  map[string]Node // as told in the last frame
	flags []Flag          // since the last frame
	exits []exitSeen      // the same, to be one flag
	bads  []badSeen
}

// exitSeen and badSeen wait to be one flag with others of their frame.
type exitSeen struct {
	at   time.Time
	node string
	code int
}

type badSeen struct {
	at         time.Time
	key, class string
}

// NewFold begins an act.
func NewFold(cfg FoldConfig) *Fold {
	f := &Fold{
		cfg: cfg, nodes: make(map[string]*nodeFold), keys: newKeyFold(), guards: make(map[string]map[string]bool),
		sent: make(map[string]Node),
	}
	for _, id := range cfg.Nodes {
		f.node(id)
	}
	return f
}

// node finds a node, or enters it; beyond the limit it is one that nobody sees.
func (f *Fold) node(id string) *nodeFold {
	n := f.nodes[id]
	if n != nil {
		return n
	}
	n = &nodeFold{id: id}
	if len(f.nodes) < maxNodes {
		f.nodes[id] = n
		f.order = append(f.order, id)
	}
	return n
}

// Apply takes in what was seen.
func (f *Fold) Apply(o Observation) {
	switch o := o.(type) {
	case ProcessSeen:
		f.applyProcess(o)
	case LoadSeen:
		f.load.apply(o)
		f.chain.Sessions = f.load.lost
	case ReadBack:
		f.unread = o.Lost
	case PulseSeen:
		f.node(o.Node).beat(o)
	case NodeTold:
		f.applyEvent(o)
	case WriteSeen:
		f.applyWrite(o)
	case EtcdSeen:
		f.watchers = o.Watchers
	case ServingSeen:
		f.serving = o.At
	case Flagged:
		f.flag(o.At, o.Kind, o.Text)
	case ThrottleSeen:
		f.throttle = o.Rate
	case IncidentsSeen:
		f.applyIncidents(o)
	case ActOver:
		f.over = &o
	}
}

func (f *Fold) applyProcess(o ProcessSeen) {
	n := f.node(o.Node)
	n.process(o)
	if o.Change != ProcessExited {
		return
	}
	f.keys.forget(o.Node)
	for guard, nodes := range f.guards {
		f.calm(guard, nodes, o.Node)
	}
	if !o.Asked {
		f.chain.Exits++
		if n.fell {
			f.lastFall = o.At
		}
		f.load.mark()
		f.exits = append(f.exits, exitSeen{o.At, o.Node, o.Code})
	}
}

func (f *Fold) applyWrite(o WriteSeen) {
	bad := faulty(o.Verdict)
	was := f.keys.badInEtcd(o.Key)
	f.keys.write(o)
	switch {
	case bad:
		f.chain.Writes++
		if !was {
			f.chain.Keys++
			f.bads = append(f.bads, badSeen{o.At, o.Key, o.Verdict})
		}
	case was && f.keys.stored == 0:
		f.flag(o.At, FlagHeal, healText(o))
	}
}

func healText(o WriteSeen) string {
	if o.Verdict != verdictGood {
		return "etcd holds no bad record any more: " + short(o.Key) + " " + o.Verdict
	}
	return "etcd holds a good record for " + short(o.Key)
}

func (f *Fold) flag(at time.Time, kind FlagKind, text string) {
	if len(f.flags) < maxFlags {
		f.flags = append(f.flags, Flag{T: f.since(at), Kind: kind, Text: text})
	}
}

func (f *Fold) since(at time.Time) int64 { return max(0, at.Sub(f.cfg.Start).Milliseconds()) }

// Frame is what is true at a moment, which must not lie before what was applied.
// Nodes and flags are those that are new since the last frame.
func (f *Fold) Frame(at time.Time) Frame {
	f.load.forget(at)
	s := f.situation(at)
	frame := Frame{
		T: f.since(at), Act: f.cfg.Act, Verdict: judge(s), Chain: f.chain, Messages: f.load.messages,
		Registry: f.registry(at), Flags: f.takeFlags(), Incidents: f.incidents(),
		Band: Band{
			Sessions: f.load.connected, Users: f.cfg.Users, Offered: f.load.rate(at), Throttle: f.admitted(), Capacity: s.capacity(),
		},
	}
	frame.Chain.Reconnects, frame.Messages.Lost = f.load.reconnects(), f.unread
	for _, id := range f.order {
		n := f.nodes[id].show(at, f.cfg)
		if sent, told := f.sent[id]; !told || sent != n {
			f.sent[id] = n
			frame.Nodes = append(frame.Nodes, n)
		}
	}
	return frame
}

// admitted is the rate of admission: what the chat nodes say of themselves, added
// up, or else what was seen of it; nil where as many are admitted as come.
func (f *Fold) admitted() *float64 {
	rate := f.throttle
	for _, id := range f.order {
		own := f.nodes[id].pulse.Throttle
		switch {
		case own == nil:
		case rate == f.throttle:
			sum := *own
			rate = &sum
		default:
			*rate += *own
		}
	}
	return rate
}

// Whole makes the next frame tell all nodes.
func (f *Fold) Whole() { clear(f.sent) }

// situation counts what the verdict needs.
func (f *Fold) situation(at time.Time) situation {
	s := situation{
		serving: !f.serving.IsZero(), users: f.cfg.Users, sessions: f.load.connected, before: f.load.peak,
		nodes: len(f.order), bad: f.badTotal(), offered: f.load.rate(at), exits: f.chain.Exits, lost: f.chain.Sessions,
		spreading: !f.lastFall.IsZero() && at.Sub(f.lastFall) < spreadTime,
	}
	if f.over != nil {
		s.over, s.summary = true, f.over.Summary
	}
	for _, n := range f.nodes {
		if n.fell {
			s.fallen++
		}
		switch n.state(at) {
		case NodeUp, NodeDraining:
			s.up++
		case NodeDegraded:
			if n.silent(at) {
				s.silent++
			} else {
				s.restarting++
			}
		case NodeStarting, NodeDown:
			s.down++
		}
	}
	return s
}

func (f *Fold) badTotal() int {
	n := f.keys.badTotal()
	for _, node := range f.nodes {
		n = max(n, node.pulse.Quarantined)
	}
	return n
}

func (f *Fold) registry(at time.Time) Registry {
	r := Registry{Watchers: f.watchers, Index: f.keys.index, Bad: f.keys.bad(at), BadTotal: f.badTotal()}
	for _, n := range f.nodes {
		r.Live, r.Limbo = max(r.Live, n.pulse.Live), max(r.Limbo, n.pulse.Limbo)
		r.Held, r.Index = max(r.Held, n.pulse.Held), max(r.Index, n.pulse.Index)
		r.Quarantined = max(r.Quarantined, n.pulse.Quarantined)
	}
	r.Quarantined = max(r.Quarantined, f.keys.quarantined())
	return r
}

// takeFlags are the flags since the last frame, in the order of what happened;
// exits and bad records of one frame are one flag each.
func (f *Fold) takeFlags() []Flag {
	if len(f.exits) > 0 {
		f.flag(f.exits[0].at, FlagExit, exitsText(f.exits))
	}
	if len(f.bads) > 0 {
		f.flag(f.bads[0].at, FlagPoison, badsText(f.bads))
	}
	flags := f.flags
	f.flags, f.exits, f.bads = nil, f.exits[:0], f.bads[:0]
	slices.SortStableFunc(flags, func(a, b Flag) int { return int(a.T - b.T) })
	return flags
}

// calm takes a node from those that have a guard engaged.
func (f *Fold) calm(guard string, nodes map[string]bool, node string) {
	delete(nodes, node)
	if len(nodes) == 0 {
		delete(f.guards, guard)
	}
}

// Key is a key's history, as far as it is kept.
func (f *Fold) Key(key string) (KeyDetail, bool) { return f.keys.detail(key) }

// Guards names the guards that are engaged anywhere.
func (f *Fold) Guards() []string { return slices.Sorted(maps.Keys(f.guards)) }
