package registry

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"time"
)

// Order is what an operator said about one key. It stands until it is lifted,
// whatever the registry says, and concerns no other key. A key has one at most:
// a stronger one replaces a weaker, never the other way round.
type Order uint8

// The orders, the weakest first.
const (
	// OrderNone is a key about which no operator said anything.
	OrderNone Order = iota
	// OrderQuarantined: the key is taken for bad. While it exists, what it served
	// is served on, as of any key in quarantine, and no new value of it.
	OrderQuarantined
	// OrderPinned: what the key served is served, also when the key is gone.
	OrderPinned
	// OrderBanned: the key serves nothing.
	OrderBanned
)

// String names the order as events and pages print it.
func (o Order) String() string {
	switch o {
	case OrderNone:
		return "none"
	case OrderQuarantined:
		return "quarantined"
	case OrderPinned:
		return "pinned"
	case OrderBanned:
		return "banned"
	}
	return "unknown"
}

// OrderState is an order that stands.
type OrderState struct {
	Key   string
	Order Order
	// Reason is the operator's, one line, at most [MaxReasonBytes].
	Reason string
	Since  time.Time
	// Index is where the value was written that the order keeps in service; 0
	// for a ban, and where there was nothing to keep.
	Index Index
	// Kept is what the key would serve without the order; nil for nothing.
	Kept *Row
}

// order is one that stands, and what it keeps in service.
type order struct {
	OrderState

	row *Row // nil: nothing
}

// shown is what is served of a key: what is believed of it, unless an operator
// said otherwise. Nothing else reads a row to serve it.
func (v *View) shown(key string) *Row {
	believed := v.believed(key)
	o := v.orders[key]
	if o == nil {
		return believed
	}
	switch o.Order {
	case OrderNone:
		return believed
	case OrderBanned:
		return nil
	case OrderPinned:
		return o.row
	case OrderQuarantined:
		if believed == nil || o.row == nil || v.cfg.FailClosed {
			return nil
		}
		row := *o.row
		if believed.Status == StatusLimbo {
			row.Status, row.Hold, row.HeldSince = StatusLimbo, believed.Hold, believed.HeldSince
		}
		return &row
	}
	return believed
}

// believed is what a key serves where no operator says otherwise.
func (v *View) believed(key string) *Row {
	if r := v.records[key]; r != nil {
		return r.row
	}
	return nil
}

// overrule takes out what is told of rows that an order keeps from being seen.
func (v *View) overrule(steps []Step) []Step {
	if len(v.orders) == 0 {
		return steps
	}
	seen := steps[:0]
	for _, step := range steps {
		key := ""
		switch s := step.(type) { //nolint:gochecksumtype // all others are facts about the registry, or requests
		case Added:
			key = s.Key
			if o := v.orders[key]; o != nil && o.row != nil { // its key was gone for a while
				step = Added{Key: key, Instance: &o.row.Instance, Index: o.Index}
			}
		case Updated:
			if v.orders[s.Key] != nil {
				continue
			}
		case Removed:
			if s.Order == OrderNone {
				key = s.Key
			}
		case Held:
			key = s.Key
		case Reclaimed:
			key = s.Key
		}
		if o := v.orders[key]; o == nil || o.follows(v.cfg.FailClosed) {
			seen = append(seen, step)
		}
	}
	return seen
}

// follows reports whether the key comes and goes with what is believed of it.
func (o *order) follows(closed bool) bool {
	return o.Order == OrderQuarantined && o.row != nil && !closed
}

// becomeOrdered gives a key an order, and tells what that changes.
func (v *View) becomeOrdered(steps []Step, o OrderState, row *Row) []Step {
	before := v.shown(o.Key)
	o.Since = v.clock.last
	if row != nil {
		kept := *row
		kept.Order, kept.Status = o.Order, StatusLive
		kept.Hold, kept.HeldSince = HoldNone, time.Time{}
		if o.Order == OrderQuarantined {
			kept.Status = StatusQuarantinedCached
		}
		row, o.Index = &kept, kept.Index
	}
	if v.orders == nil {
		v.orders = make(map[string]*order)
	}
	v.orders[o.Key] = &order{OrderState: o, row: row}
	v.reorder(o.Key)
	steps = append(steps, Ordered{State: o})
	return v.tellShown(steps, o.Key, o.Order, before)
}

// lift ends an order, and tells what that changes.
func (v *View) lift(steps []Step, o *order) []Step {
	before := v.shown(o.Key)
	delete(v.orders, o.Key)
	v.reorder(o.Key)
	steps = append(steps, Lifted{Key: o.Key, Order: o.Order, After: max(v.clock.last.Sub(o.Since), 0)})
	return v.tellShown(steps, o.Key, o.Order, before)
}

// tellShown tells how what is served of a key differs from before.
func (v *View) tellShown(steps []Step, key string, cause Order, before *Row) []Step {
	after := v.shown(key)
	switch {
	case before == nil && after != nil:
		return append(steps, Added{Key: key, Instance: &after.Instance, Index: after.Index})
	case before != nil && after == nil:
		return append(steps, Removed{Key: key, Index: before.Index, Order: cause})
	case before != nil && !before.Instance.Equal(after.Instance):
		return append(steps, Updated{Key: key, Instance: &after.Instance, Index: after.Index})
	}
	return steps
}

// orderStates are the orders that stand, sorted by key.
func (v *View) orderStates() []OrderState {
	if len(v.orders) == 0 {
		return nil
	}
	states := make([]OrderState, 0, len(v.orders))
	for _, key := range slices.Sorted(maps.Keys(v.orders)) {
		state := v.orders[key].OrderState
		if row := v.believed(key); row != nil {
			kept := *row
			state.Kept = &kept
		}
		states = append(states, state)
	}
	return states
}

// reorder notes that the order on a key is another one.
func (v *View) reorder(key string) {
	v.changed = true
	if v.reordered == nil {
		v.reordered = make(map[string]struct{})
	}
	v.reordered[key] = struct{}{}
}

// orderedKeys are the keys in which the next snapshot may differ from the last
// one because of an order: one that came or went, or that stands on a key that
// has changed. What is shown of them is not what their records have.
func (v *View) orderedKeys() map[string]struct{} {
	keys := v.reordered
	v.reordered = nil
	if len(v.orders) == 0 {
		return keys
	}
	for _, r := range v.dirty {
		if v.orders[r.newest.Key] == nil {
			continue
		}
		if keys == nil {
			keys = make(map[string]struct{})
		}
		keys[r.newest.Key] = struct{}{}
	}
	return keys
}

// withOrdered adds what becomes of the ordered keys.
func (v *View) withOrdered(changes []rowChange, old Rows, keys map[string]struct{}) []rowChange {
	if len(keys) == 0 {
		return changes
	}
	for key := range keys {
		c := rowChange{key, old.find(key), v.shown(key)}
		if r := v.records[key]; r != nil {
			r.shown = c.now
			if c.now != r.row && r.row != nil { // the last snapshot may have it still
				own := *r.row
				r.row, r.shown = &own, nil
			}
		}
		if c.was != c.now {
			changes = append(changes, c)
		}
	}
	slices.SortFunc(changes, func(a, b rowChange) int { return cmp.Compare(a.key, b.key) })
	return changes
}

// Ordered returns the order on a key, if there is one.
func (s *Snapshot) Ordered(key string) (OrderState, bool) {
	at, found := slices.BinarySearchFunc(s.Orders, key, func(o OrderState, key string) int { return cmp.Compare(o.Key, key) })
	if !found {
		return OrderState{}, false
	}
	return s.Orders[at], true
}

// believed yields the rows as they would be without orders, and whether the
// snapshot has the very row.
func (s *Snapshot) believed() iter.Seq2[*Row, bool] {
	return func(yield func(*Row, bool) bool) {
		more := true
		s.Rows.each(func(row *Row) bool {
			more = row.Order != OrderNone || yield(row, true)
			return more
		})
		for _, o := range s.Orders {
			if more = more && (o.Kept == nil || yield(o.Kept, false)); !more {
				return
			}
		}
	}
}

// restoreOrders takes over the orders of an earlier view: they stand until an
// operator lifts them.
func (v *View) restoreOrders(s *Snapshot) {
	for _, state := range s.Orders {
		restored := &order{OrderState: state}
		restored.Kept = nil
		if row, shown := s.Rows.Get(state.Key); shown {
			restored.row = &row
		}
		if v.orders == nil {
			v.orders = make(map[string]*order)
		}
		v.orders[state.Key] = restored
		v.reorder(state.Key)
	}
}
