package actors

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/ring"
)

// Placement puts keys on the instances of one service, by a hash ring that
// follows the service's snapshots. It may be used by any number of goroutines.
type Placement struct {
	service *service
	current atomic.Pointer[ring.Table]

	// Written under the mutex, which a look-up does not take.
	mu     sync.Mutex
	ring   *ring.Ring
	timer  *time.Timer // moves parts when there is budget again; nil while none waits
	closed bool
}

// Placement returns a new placement over a service that is watched. It follows
// the service's snapshots until [Placement.Close].
func (r *Runtime) Placement(name string, cfg ring.Config) (*Placement, error) {
	s, watched := r.byName[name]
	if !watched {
		return nil, fmt.Errorf("actors: placement over %s: it is not watched", name)
	}
	keys, err := ring.New(cfg)
	if err != nil {
		return nil, fmt.Errorf("actors: placement over %s: %w", name, err)
	}
	p := &Placement{service: s, ring: keys}
	p.current.Store(keys.Table())
	s.join(p)
	return p, nil
}

// Table returns where everything is now. It is one atomic load.
func (p *Placement) Table() *ring.Table { return p.current.Load() }

// Owner returns the instance that a key is on, nil when there is none. It is
// shared: change nothing in it.
func (p *Placement) Owner(key string) *registry.Instance {
	if row := p.current.Load().Owner(key); row != nil {
		return &row.Instance
	}
	return nil
}

// Override puts keys on instances by hand, see [ring.Ring.Override].
func (p *Placement) Override(overrides map[string]string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.ring.Override(overrides); err != nil {
		return fmt.Errorf("actors: placement over %s: %w", p.service.name, err)
	}
	p.show(time.Now())
	return nil
}

// follow is part of follower.
func (p *Placement) follow(snapshot *registry.Snapshot) {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ring.Follow(snapshot, now)
	p.show(now)
}

// show makes what the ring has now what is looked up. The caller holds the mutex.
func (p *Placement) show(now time.Time) {
	p.current.Store(p.ring.Table())
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
	if due, waits := p.ring.Due(); waits && !p.closed {
		p.timer = time.AfterFunc(due.Sub(now), p.tick)
	}
}

// tick moves what may move by now, on a goroutine of the timer's.
func (p *Placement) tick() {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ring.Tick(now)
	p.show(now)
}

// Close ends the following: everything stays where it is.
func (p *Placement) Close() {
	p.service.leave(p)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
}
