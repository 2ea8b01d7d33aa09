package actors

import (
	"strings"
	"time"

	"github.com/firebreak-go/firebreak/supervision"
)

// keptDecisions is how many of its last decisions a supervisor can tell.
const keptDecisions = 50

// keptEffects is how many effects of one decision are kept; a group restart of
// a thousand children says how many more there were.
const keptEffects = 3

// journal is a ring of a supervisor's last decisions, kept as they were made
// and rendered when somebody looks.
type journal struct {
	ring []decision
	next int
	seen uint64
}

type decision struct {
	at      time.Duration
	kind    supervision.EventKind
	path    string // of the child that the event is about, or empty
	exit    supervision.Exit
	effects [keptEffects]effect
	count   int
}

type effect struct {
	kind  supervision.ActionKind
	id    string
	delay time.Duration
}

func (j *journal) note(at time.Duration, ev *supervision.Event, path string, actions []supervision.Action) {
	if len(j.ring) < keptDecisions {
		j.ring = append(j.ring, decision{})
		j.next = len(j.ring) - 1
	}
	d := &j.ring[j.next]
	j.next = (j.next + 1) % keptDecisions
	j.seen++
	*d = decision{at: at, kind: ev.Kind, path: path, exit: ev.Exit, count: len(actions)}
	for i := range min(len(actions), keptEffects) {
		a := &actions[i]
		d.effects[i] = effect{kind: a.Kind, id: a.ID, delay: a.Delay}
	}
}

// Decision is one decision of a supervisor: what it was told, and what it did.
type Decision struct {
	// Number counts the decisions of this supervisor from 1.
	Number uint64 `json:"number"`
	// AgoMS is how long ago it was taken.
	AgoMS int64 `json:"ago_ms"`
	// Input is the event, as in "child exited root/db/a: panic: boom".
	Input string `json:"input"`
	// Effects are what followed, in order, as in "start child a". At most three
	// are told.
	Effects []string `json:"effects"`
	// More is how many effects are not told.
	More int `json:"more,omitzero"`
}

// decisions renders the journal, oldest first.
func (j *journal) decisions(now time.Duration) []Decision {
	all := make([]Decision, 0, len(j.ring))
	for i := range j.ring {
		d := &j.ring[(j.next+i)%len(j.ring)]
		all = append(all, Decision{
			Number: j.seen - uint64(len(j.ring)) + uint64(i) + 1, AgoMS: (now - d.at).Milliseconds(),
			Input: d.input(), Effects: d.rendered(), More: max(0, d.count-keptEffects),
		})
	}
	return all
}

func (d *decision) input() string {
	parts := []string{d.kind.String()}
	if d.path != "" {
		parts[0] += " " + d.path
	}
	if d.exit != (supervision.Exit{}) {
		parts = append(parts, d.exit.String())
	}
	return strings.Join(parts, ": ")
}

func (d *decision) rendered() []string {
	texts := make([]string, 0, keptEffects)
	for _, e := range d.effects[:min(d.count, keptEffects)] {
		text := e.kind.String()
		if e.id != "" {
			text += " " + e.id
		}
		if e.delay > 0 {
			text += " in " + e.delay.Round(time.Millisecond).String()
		}
		texts = append(texts, text)
	}
	return texts
}
