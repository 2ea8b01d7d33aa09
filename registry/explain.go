package registry

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Explanation says why the instance of a key is, or is not, among those that can
// be picked.
type Explanation struct {
	Key string
	// Picked says whether it is. Row is what is served, Bad why the key is in
	// quarantine, Order what an operator said of it; nil where there is none.
	Picked bool
	Row    *Row
	Bad    *Bad
	Order  *OrderState
	// Sentence says it in one line of ASCII.
	Sentence string
}

// Explain says why a key is, or is not, in the pick set of this snapshot.
func (s *Snapshot) Explain(key string, now time.Time) Explanation {
	x := Explanation{Key: key}
	if row, shown := s.Rows.Get(key); shown {
		x.Row, x.Picked = &row, row.Instance.State != StateDraining
	}
	if at, found := slices.BinarySearchFunc(s.Quarantined, key, func(b *Bad, key string) int { return cmp.Compare(b.Key, key) }); found {
		x.Bad = s.Quarantined[at]
	}
	if o, ordered := s.Ordered(key); ordered {
		x.Order = &o
	}
	x.Sentence = x.sentence(s, now)
	return x
}

func (x *Explanation) sentence(s *Snapshot, now time.Time) string {
	switch {
	case s.Generation == 0:
		return "not picked: nothing of its directory has been read yet"
	case x.Order != nil && x.Row == nil:
		return fmt.Sprintf("not picked: an operator has %s it for %s (%s)", x.Order.Order, since(x.Order.Since, now), quote(x.Order.Reason))
	case x.Row == nil && x.Bad != nil:
		return fmt.Sprintf("not picked: its value is bad (%s: %s), and there is no good one to serve", x.Bad.Class, quote(x.Bad.Reason))
	case x.Row == nil && s.QuarantineOverflow > 0:
		return "not picked: it is not known, or one of the bad keys that the quarantine had no room to list"
	case x.Row == nil:
		return "not picked: it is not known: not in the registry when that was last read, or without a verdict yet"
	case !x.Picked:
		return "not picked: it says that it is draining"
	case x.Order != nil:
		return fmt.Sprintf("picked: an operator has %s it for %s, and keeps the value of index %d in service (%s)",
			x.Order.Order, since(x.Order.Since, now), x.Row.Index, quote(x.Order.Reason))
	case x.Row.Status == StatusLimbo:
		return fmt.Sprintf("picked, behind the others: it is gone from the registry, or somebody else there, and held for %s for %s",
			x.Row.Hold, since(x.Row.HeldSince, now))
	case x.Bad != nil && !x.Bad.Doubted.IsZero():
		return fmt.Sprintf("picked, with its last good value (index %d): the newest is good, but the key flaps and has to prove itself", x.Row.Index)
	case x.Bad != nil:
		return fmt.Sprintf("picked, with its last good value (index %d): the newest is bad (%s: %s)", x.Row.Index, x.Bad.Class, quote(x.Bad.Reason))
	case x.Row.Status == StatusQuarantinedCached:
		return fmt.Sprintf("picked, with its last good value (index %d): the newest is bad, and not listed for want of room", x.Row.Index)
	case x.Row.Origin == OriginDisk:
		return "picked: an earlier process saved it, and the registry has not confirmed it yet"
	}
	return fmt.Sprintf("picked: live, as written at index %d and found good %s ago", x.Row.Index, since(x.Row.Since, now))
}

func since(at, now time.Time) time.Duration { return max(now.Sub(at), 0).Round(time.Second) }
