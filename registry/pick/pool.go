package pick

import (
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// Pool follows one directory and decides which of its instances are in use. It
// belongs to one goroutine. See the package's guarantees.
type Pool struct {
	cfg      Config
	snapshot *registry.Snapshot
	table    *Table // what Table returned last, nil when something has changed

	byKey   map[string]uint32 // slot
	members []member          // by slot
	vacant  []uint32          // slots to give away
	zones   zones
	tally   Tally
	// ejections are the slots of the ejected, of those in limbo too, the one that
	// returns first in front.
	ejections []uint32
}

// member is what a pool knows of a key that can be picked.
type member struct {
	row    *registry.Row // nil: the slot is vacant
	group  int
	aside  bool
	place  int     // in that list
	record *record // nil: no call has failed
}

// NewPool returns a pool that has seen no snapshot. A wrong configuration is an
// error that says where.
func NewPool(cfg Config) (*Pool, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	p := &Pool{cfg: cfg.withDefaults(), snapshot: &registry.Snapshot{}, byKey: make(map[string]uint32)}
	p.zones.begin(cfg.Zone)
	return p, nil
}

// Follow takes the newest snapshot. Errors and ejections stay with an instance
// for as long as its key has the same incarnation and address.
func (p *Pool) Follow(snapshot *registry.Snapshot) {
	for was, is := range snapshot.Rows.Diff(p.snapshot.Rows) {
		p.take(was, is)
	}
	p.snapshot, p.table = snapshot, nil
	p.holdFraction()
}

// take carries one difference of two snapshots out.
func (p *Pool) take(was, is *registry.Row) {
	wasThere := was != nil && was.Instance.State != registry.StateDraining
	isThere := is != nil && is.Instance.State != registry.StateDraining
	switch {
	case wasThere && isThere:
		slot := p.byKey[is.Key]
		if !sameRun(was, is) {
			p.forget(slot)
		}
		p.replace(slot, is)
	case wasThere:
		slot := p.byKey[was.Key]
		p.forget(slot)
		p.unlist(slot)
		delete(p.byKey, was.Key)
		p.members[slot] = member{}
		p.vacant = append(p.vacant, slot)
	case isThere:
		slot := p.slot()
		p.byKey[is.Key] = slot
		p.members[slot] = member{row: is}
		p.enlist(slot)
	}
}

// replace gives a member its new row: in its place, where it keeps that.
func (p *Pool) replace(slot uint32, is *registry.Row) {
	m := &p.members[slot]
	limbo := is.Status == registry.StatusLimbo
	if limbo == (m.row.Status == registry.StatusLimbo) && m.aside == (limbo || m.record.ejected()) &&
		(!p.cfg.ByZone || m.row.Instance.Zone == is.Instance.Zone) {
		m.row = is
		p.zones.list(m.group, m.aside).set(m.place, Candidate{Row: is, Slot: slot})
		return
	}
	p.unlist(slot)
	m.row = is
	p.enlist(slot)
}

// sameRun reports whether two rows of one key are one process at one address.
func sameRun(a, b *registry.Row) bool {
	return a.Instance.Incarnation == b.Instance.Incarnation && a.Instance.Host == b.Instance.Host && a.Instance.Port == b.Instance.Port
}

func (p *Pool) slot() uint32 {
	if last := len(p.vacant) - 1; last >= 0 {
		slot := p.vacant[last]
		p.vacant = p.vacant[:last]
		return slot
	}
	p.members = append(p.members, member{})
	return uint32(len(p.members) - 1)
}

// enlist puts a member where its row and its record say.
func (p *Pool) enlist(slot uint32) {
	m := &p.members[slot]
	limbo, ejected := m.row.Status == registry.StatusLimbo, m.record.ejected()
	switch {
	case limbo:
		p.tally.Limbo++
	case ejected:
		p.tally.Ejected++
	default:
		p.tally.Usable++
	}
	zone := p.cfg.Zone
	if p.cfg.ByZone {
		zone = m.row.Instance.Zone
	}
	m.aside = limbo || ejected
	m.group = p.zones.join(zone)
	m.place = p.zones.list(m.group, m.aside).push(Candidate{Row: m.row, Slot: slot})
	p.table = nil
}

// unlist takes a member out of its list. Its row and its record must still be as
// they were when it was listed.
func (p *Pool) unlist(slot uint32) {
	m := &p.members[slot]
	switch {
	case m.row.Status == registry.StatusLimbo:
		p.tally.Limbo--
	case m.aside:
		p.tally.Ejected--
	default:
		p.tally.Usable--
	}
	if moved, ok := p.zones.list(m.group, m.aside).remove(m.place); ok {
		p.members[moved.Slot].place = m.place
	}
	p.zones.leave(m.group)
	p.table = nil
}

// Table returns what can be picked now: the same table while nothing changed.
func (p *Pool) Table() *Table {
	if p.table == nil {
		p.table = p.build()
	}
	return p.table
}

func (p *Pool) build() *Table {
	t := &Table{snapshot: p.snapshot, tally: p.tally, slots: len(p.members)}
	all := p.tally.Usable + p.tally.Limbo + p.tally.Ejected
	t.tally.Panicking = all > p.tally.Usable && (p.tally.Usable == 0 || float64(p.tally.Usable) < p.cfg.PanicFraction*float64(all))
	t.groups = p.zones.show(t.tally.Panicking)
	for g := range t.groups {
		t.n += t.groups[g].n
		t.weight += t.groups[g].weight
	}
	t.local = share(t.groups, t.weight)
	return t
}

// NoteError says that a call to an instance failed. It returns for how long the
// instance is ejected because of that; 0 means that it is not, or was before.
// Only failures that speak against the instance count, as a refused connection
// does and a wrong argument does not: which those are the caller decides. An
// instance that is not in the directory any more, or runs anew, is passed over.
func (p *Pool) NoteError(row *registry.Row, now time.Time) time.Duration {
	slot, ok := p.find(row)
	if !ok || p.cfg.ErrorLimit < 0 {
		return 0
	}
	m := &p.members[slot]
	if m.record == nil {
		m.record = &record{}
	}
	if !m.record.failed(now, p.cfg) || p.tally.Ejected >= p.allowed() {
		return 0
	}
	pause := m.record.nextPause(now, p.cfg)
	p.unlist(slot)
	m.record.until, m.record.out = now.Add(pause), true
	p.enlist(slot)
	p.schedule(slot)
	return pause
}

// NoteSuccess says that a call to an instance went well: the errors before it
// count no more. It does not end an ejection. It reports whether the instance is
// still the one in the directory.
func (p *Pool) NoteSuccess(row *registry.Row) bool {
	slot, ok := p.find(row)
	if ok && p.members[slot].record != nil {
		p.members[slot].record.errors = p.members[slot].record.errors[:0]
	}
	return ok
}

// find is the slot of the instance that the row was, if it still runs.
func (p *Pool) find(row *registry.Row) (uint32, bool) {
	if row == nil {
		return 0, false
	}
	slot, ok := p.byKey[row.Key]
	return slot, ok && sameRun(p.members[slot].row, row)
}
