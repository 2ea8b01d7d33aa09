package actors

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/pick"
)

// PickerConfig tunes a [Picker]. The zero value is usable.
type PickerConfig struct {
	// Policy is how it chooses; the zero value is round robin.
	Policy pick.Policy
	// Config tunes ejection, and names the caller's zone. ByZone follows from the
	// policy.
	pick.Config
	// Random returns random words; it is called by many goroutines at once. Nil
	// means the standard library's, which nobody waits for either.
	Random func() uint64
}

// Picker chooses instances of one service, always from the newest snapshot: the
// one that [Runtime.Snapshot] shows. It may be used by any number of goroutines.
type Picker struct {
	// Fixed at construction.
	service *service
	events  *stream
	policy  pick.Policy
	random  func() uint64

	turn    atomic.Uint64
	current atomic.Pointer[picks]

	// Written under the mutex, which a pick does not take.
	mu     sync.Mutex
	pool   *pick.Pool
	timer  *time.Timer // ends ejections; nil while there is none
	closed bool
}

// picks is what a pick needs, replaced as a whole.
type picks struct {
	table *pick.Table
	cells cells
}

// Picker returns a new picker for a service that is watched. It follows the
// service's snapshots until [Picker.Close]; after the runtime has stopped it
// chooses among the last ones known.
func (r *Runtime) Picker(name string, cfg PickerConfig) (*Picker, error) {
	s, watched := r.byName[name]
	if !watched {
		return nil, fmt.Errorf("actors: picker for %s: it is not watched", name)
	}
	if cfg.Policy > pick.ZoneAware {
		return nil, fmt.Errorf("actors: picker for %s: %v is unknown: use RoundRobin, Random, PowerOfTwo, Weighted or ZoneAware", name, cfg.Policy)
	}
	cfg.ByZone = cfg.Policy == pick.ZoneAware
	pool, err := pick.NewPool(cfg.Config)
	if err != nil {
		return nil, fmt.Errorf("actors: picker for %s: %w", name, err)
	}
	p := &Picker{service: s, events: r.kernel.events, policy: cfg.Policy, random: cfg.Random, pool: pool}
	if p.random == nil {
		p.random = rand.Uint64
	}
	p.turn.Store(p.random()) // a fleet that starts together does not begin with the same instance
	p.current.Store(&picks{table: pool.Table()})
	s.join(p)
	return p, nil
}

// Choice is an instance that was picked for one call.
type Choice struct {
	picker *Picker
	row    *registry.Row
	slot   uint32
}

// Instance is who was picked. It is shared: change nothing in it.
func (c Choice) Instance() *registry.Instance { return &c.row.Instance }

// Row is who was picked, with how it stands in the directory. It is shared: change
// nothing in it.
func (c Choice) Row() *registry.Row { return c.row }

// Pick chooses an instance; it reports false when there is none. It waits for
// nobody and allocates nothing. Under [pick.PowerOfTwo] every choice must be ended
// with [Choice.Done], or its instance counts as busy for ever.
func (p *Picker) Pick() (Choice, bool) {
	now := p.current.Load()
	var c pick.Candidate
	switch p.policy {
	case pick.RoundRobin:
		c = now.table.Turn(p.turn.Add(1))
	case pick.Random:
		c = now.table.Random(p.random())
	case pick.PowerOfTwo:
		c = now.lessBusy(p.random())
	case pick.Weighted:
		c = now.table.Weighted(p.random())
	case pick.ZoneAware:
		c = now.table.Near(p.random(), p.random())
	}
	return Choice{picker: p, row: c.Row, slot: c.Slot}, c.Row != nil
}

// lessBusy draws two and takes the one with fewer calls under way, and counts one
// more.
func (p *picks) lessBusy(word uint64) pick.Candidate {
	c, other := p.table.Two(word)
	if c.Row == nil {
		return c
	}
	its, others := p.cells.at(c.Slot), p.cells.at(other.Slot)
	if others.pending() < its.pending() {
		c, its = other, others
	}
	its.begin()
	return c
}

// Done ends the call that an instance was picked for: err is why it failed, nil
// that it went well. Failures eject (see package pick), so pass nil also for errors
// that do not speak against the instance, as an answer that says no. A call that
// was cancelled says nothing either way. Of a call that went well to an instance
// without errors this costs two loads; else it takes a lock for a moment.
func (c Choice) Done(err error) {
	if c.row == nil {
		return // nobody was picked
	}
	its := c.picker.current.Load().cells.at(c.slot)
	if c.picker.policy == pick.PowerOfTwo {
		its.end()
	}
	switch {
	case err == nil && !its.noted(), errors.Is(err, context.Canceled):
	case err == nil:
		c.picker.succeeded(c.row, its)
	default:
		c.picker.failed(c.row, its)
	}
}

func (p *Picker) succeeded(row *registry.Row, its *cell) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pool.NoteSuccess(row) {
		its.forget()
	}
}

func (p *Picker) failed(row *registry.Row, its *cell) {
	now := time.Now()
	p.mu.Lock()
	var pause time.Duration
	if !p.closed {
		its.note()
		pause = p.pool.NoteError(row, now)
		p.show(now)
	}
	p.mu.Unlock()
	if pause > 0 {
		p.events.emit(Event{Kind: EventInstanceEjected, Service: p.service.name, Key: row.Key, DelayMS: pause.Milliseconds()})
	}
}

// follow is part of follower.
func (p *Picker) follow(snapshot *registry.Snapshot) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pool.Follow(snapshot)
	p.show(time.Now())
}

// show makes what the pool has now what is picked from. The caller holds the mutex.
func (p *Picker) show(now time.Time) {
	before, table := p.current.Load(), p.pool.Table()
	if before.table == table {
		return
	}
	p.current.Store(&picks{table: table, cells: before.cells.grown(table.Slots())})
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
	if due, waits := p.pool.Due(); waits {
		p.timer = time.AfterFunc(due.Sub(now), p.tick)
	}
}

// tick ends ejections, on a goroutine of the timer's.
func (p *Picker) tick() {
	now := time.Now()
	p.mu.Lock()
	returned := p.pool.Tick(now)
	p.show(now)
	p.mu.Unlock()
	for _, row := range returned {
		p.events.emit(Event{Kind: EventInstanceReturned, Service: p.service.name, Key: row.Key})
	}
}

// Close ends the following, and all ejections. The picker goes on choosing among
// what was known then.
func (p *Picker) Close() {
	p.service.leave(p)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.pool.Reinstate()
	p.show(time.Now())
}

// Len returns how many instances are picked from.
func (p *Picker) Len() int { return p.current.Load().table.Len() }

// Tally counts who is picked from, and who is set aside and why.
func (p *Picker) Tally() pick.Tally { return p.current.Load().table.Tally() }

// Ejections lists who is ejected, the one that returns first in front.
func (p *Picker) Ejections() []pick.Ejection {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pool.Ejections()
}
