package registry

import (
	"fmt"
	"time"
)

const (
	// rewriteQuorum is how many consumers have to complain of a record that is as
	// it was sent: one alone may be wrong itself.
	rewriteQuorum = 2
	// rewritePause is the time between two rewrites for complaints alone.
	rewritePause = time.Minute
	// A lease looks at its record for four complaints at once, and one a second;
	// what comes beyond that is looked at with the next renewal.
	looksPerSecond, looksAtOnce = 1, 4
)

// grief is what consumers say of our record.
type grief struct {
	allowance *Allowance
	look      bool                 // when the call under way is over
	by        map[string]time.Time // who cannot read what we sent, and when they said so
	rewritten time.Time
	reason    string
}

// Complained takes a consumer's complaint about our key. The key is read, and what
// is wrong with it is repaired, also when no write of ours ever failed. A record
// that is as it was sent is written again when a second consumer cannot read it
// either, at most once a minute.
func (l *Lease) Complained(now time.Time, c Complaint) []LeaseAction {
	ofOurs := c.Hash == fingerprint(l.value)
	switch {
	case l.leaving || !l.held:
		return nil // it is looked at anyway, or not wanted
	case ofOurs && c.Index < l.wrote, !ofOurs && c.Index <= l.index:
		return nil // about what was there before
	}
	if ofOurs {
		l.grief.note(now, c.Consumer)
	}
	if l.grief.allowance == nil {
		l.grief.allowance = NewAllowance(looksPerSecond, looksAtOnce)
	}
	busy := l.call != callNone
	if l.grief.look && busy {
		return nil
	}
	if l.grief.allowance.Spend(now) > 0 {
		l.grief.look = true
		return nil
	}
	l.grief.look = busy
	fact := LeaseFact{Kind: LeaseComplained, Detail: c.Consumer + " cannot read it: " + c.Class, Index: c.Index}
	if busy {
		return []LeaseAction{fact}
	}
	return append([]LeaseAction{fact}, l.do(callGet)...)
}

// note remembers who complains of the record as it is.
func (g *grief) note(now time.Time, consumer string) {
	if g.by == nil {
		g.by = make(map[string]time.Time)
	}
	if _, known := g.by[consumer]; known || len(g.by) < MaxComplaints {
		g.by[consumer] = now
	}
}

// looks reports, once, whether the record is to be read again.
func (g *grief) looks() bool {
	look := g.look
	g.look = false
	return look
}

// rewrites reports, once, whether enough consumers cannot read the record.
func (g *grief) rewrites(now time.Time) bool {
	for consumer, at := range g.by {
		if now.Sub(at) > ComplaintTTL {
			delete(g.by, consumer)
		}
	}
	if len(g.by) < rewriteQuorum || !g.rewritten.IsZero() && now.Sub(g.rewritten) < rewritePause {
		return false
	}
	g.reason = fmt.Sprintf("%d consumers cannot read it", len(g.by))
	g.rewritten = now
	clear(g.by)
	return true
}

func (g *grief) detail() string { return g.reason }
