package pick

import (
	"slices"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// record is what is held against an instance.
type record struct {
	errors []time.Time // the newest, as many as the limit
	out    bool        // ejected until:
	until  time.Time   // of the present or the last ejection
	pause  time.Duration
}

func (r *record) ejected() bool { return r != nil && r.out }

// failed notes an error, and reports whether that is one too many.
func (r *record) failed(now time.Time, cfg Config) bool {
	if r.out {
		return false // a call that was under way
	}
	if len(r.errors) == cfg.ErrorLimit {
		r.errors = slices.Delete(r.errors, 0, 1)
	}
	r.errors = append(r.errors, now)
	return len(r.errors) == cfg.ErrorLimit && now.Sub(r.errors[0]) <= cfg.ErrorWindow
}

// nextPause is how long the next ejection takes.
func (r *record) nextPause(now time.Time, cfg Config) time.Duration {
	if r.pause == 0 || now.Sub(r.until) >= cfg.EjectCap {
		r.pause = cfg.EjectFor
	} else {
		r.pause = min(2*r.pause, cfg.EjectCap)
	}
	r.errors = r.errors[:0]
	return r.pause
}

// allowed is how many may be ejected at a time.
func (p *Pool) allowed() int {
	live := p.tally.Usable + p.tally.Ejected
	return max(1, int(p.cfg.EjectFraction*float64(live)))
}

// schedule puts an ejection among the others, by the moment of its end.
func (p *Pool) schedule(slot uint32) {
	until := p.members[slot].record.until
	at, _ := slices.BinarySearchFunc(p.ejections, until, func(s uint32, t time.Time) int {
		if p.members[s].record.until.After(t) {
			return 1
		}
		return -1 // of two that end together the first ejected returns first
	})
	p.ejections = slices.Insert(p.ejections, at, slot)
}

// Due is when [Pool.Tick] is to be called: when the next ejection ends. It
// reports false while there is none.
func (p *Pool) Due() (time.Time, bool) {
	if len(p.ejections) == 0 {
		return time.Time{}, false
	}
	return p.members[p.ejections[0]].record.until, true
}

// Tick ends the ejections whose time has come, and returns whose.
func (p *Pool) Tick(now time.Time) []*registry.Row {
	var returned []*registry.Row
	for len(p.ejections) > 0 && !p.members[p.ejections[0]].record.until.After(now) {
		returned = append(returned, p.members[p.ejections[0]].row)
		p.reinstate(p.ejections[0])
	}
	return returned
}

// Reinstate ends all ejections.
func (p *Pool) Reinstate() {
	for len(p.ejections) > 0 {
		p.reinstate(p.ejections[0])
	}
}

// reinstate ends an ejection; what it was is remembered.
func (p *Pool) reinstate(slot uint32) {
	p.unlist(slot)
	p.members[slot].record.out = false
	p.enlist(slot)
	at := slices.Index(p.ejections, slot)
	p.ejections = slices.Delete(p.ejections, at, at+1)
}

// forget drops what is held against a member: it is gone, or another process has
// its key. It leaves the member listed as it is.
func (p *Pool) forget(slot uint32) {
	if p.members[slot].record.ejected() {
		at := slices.Index(p.ejections, slot)
		p.ejections = slices.Delete(p.ejections, at, at+1)
	}
	p.members[slot].record = nil
}

// holdFraction ends the ejections that a smaller directory does not allow any
// more, those first that would end first.
func (p *Pool) holdFraction() {
	for i := 0; p.tally.Ejected > p.allowed() && i < len(p.ejections); {
		if slot := p.ejections[i]; p.members[slot].row.Status == registry.StatusLimbo {
			i++ // counts as that
		} else {
			p.reinstate(slot)
		}
	}
}

// Ejection is one instance that is ejected.
type Ejection struct {
	Row   *registry.Row
	Until time.Time
}

// Ejections lists who is ejected, the one that returns first in front.
func (p *Pool) Ejections() []Ejection {
	list := make([]Ejection, 0, len(p.ejections))
	for _, slot := range p.ejections {
		list = append(list, Ejection{Row: p.members[slot].row, Until: p.members[slot].record.until})
	}
	return list
}
