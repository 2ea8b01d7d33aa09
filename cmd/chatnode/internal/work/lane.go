package work

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/work/desk"
)

// Headroom is how many calls a server should let in beyond what its lanes take, so
// that it is a lane that refuses them, which knows when to come again.
const Headroom = 1024

// Lane is the workers for one kind of call. All methods may be called from any
// goroutine.
type Lane struct {
	name string
	late desk.Late

	mu    sync.Mutex
	desk  *desk.Desk
	turns map[*desk.Ticket]chan bool // of those who wait: their verdict, sent once
	rnd   *rand.Rand
}

// New makes a lane; it starts nothing. The name is for messages and reports; with
// the seed it decides what is drawn.
func New(name string, cfg desk.Config, seed uint64) (*Lane, error) {
	d, err := desk.New(cfg)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(name)) // a hash never fails
	return &Lane{
		name: name, late: cfg.Late, desk: d, turns: make(map[*desk.Ticket]chan bool),
		rnd: rand.New(rand.NewPCG(seed, hash.Sum64())),
	}, nil
}

// Name is the lane's name.
func (l *Lane) Name() string { return l.name }

// Report says how busy the lane is and was.
func (l *Lane) Report() desk.Report {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.desk.Report(time.Now())
}

// Occupancy says how busy the lane is now.
func (l *Lane) Occupancy() desk.Occupancy {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.desk.Occupancy()
}

// SetAside keeps so many workers for somebody else, all but one at most, from when
// they are free; 0 gives all of them back.
func (l *Lane) SetAside(workers int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pass(l.desk.SetAside(time.Now(), workers))
}

// Do has a worker do something, and returns its error once the worker's service
// time is over. It returns a [*Refused] when nobody works on it, and the context's
// error when that ends before.
func (l *Lane) Do(ctx context.Context, do func(context.Context) error) error {
	t, turn, err := l.arrive(ctx)
	if err != nil {
		return err
	}
	if turn != nil {
		if err := l.await(ctx, t, turn); err != nil {
			return err
		}
	}
	return l.work(ctx, t, do)
}

// arrive takes a ticket, with a channel where it has to wait.
func (l *Lane) arrive(ctx context.Context) (*desk.Ticket, chan bool, error) {
	deadline, _ := ctx.Deadline() // zero without one
	l.mu.Lock()
	defer l.mu.Unlock()
	t, refusal := l.desk.Arrive(time.Now(), deadline, l.rnd.Float64())
	if refusal != nil {
		return nil, nil, &Refused{l.name, *refusal}
	}
	if !t.Waiting() {
		return t, nil, nil
	}
	turn := make(chan bool, 1)
	l.turns[t] = turn
	return t, turn, nil
}

// await returns nil when it is the ticket's turn.
func (l *Lane) await(ctx context.Context, t *desk.Ticket, turn chan bool) error {
	begun := false
	select {
	case begun = <-turn:
	case <-ctx.Done():
		if l.leave(t) {
			return context.Cause(ctx)
		}
		begun = <-turn // decided in the same moment
	}
	if begun {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return &Refused{l.name, l.desk.RetryAfter(t)}
}

// leave takes a caller out of the queue; false when its turn has come.
func (l *Lane) leave(t *desk.Ticket) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !t.Waiting() {
		return false
	}
	l.desk.Leave(t)
	delete(l.turns, t)
	return true
}

// work does the work of a ticket that has begun, and holds its worker.
func (l *Lane) work(ctx context.Context, t *desk.Ticket, do func(context.Context) error) error {
	began, left := time.Now(), false
	defer func() { // also when the work panics
		if !left {
			l.finish(t)
		}
	}()
	err := do(ctx)
	rest := t.Service - time.Since(began)
	if rest <= 0 {
		return err
	}
	timer := time.NewTimer(rest)
	defer timer.Stop()
	select {
	case <-timer.C:
		return err
	case <-ctx.Done():
	}
	l.mu.Lock()
	l.desk.Leave(t)
	l.mu.Unlock()
	if l.late == desk.Serve { // nobody tells the worker
		left = true
		time.AfterFunc(t.Service-time.Since(began), func() { l.finish(t) })
	}
	return context.Cause(ctx)
}

// finish frees the worker of a ticket.
func (l *Lane) finish(t *desk.Ticket) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pass(l.desk.Finish(time.Now(), t))
}

// pass tells those who waited. The caller holds the mutex.
func (l *Lane) pass(next desk.Next) {
	for _, t := range next.Begun {
		if t.Gone() { // nobody is there, and a worker is held all the same
			time.AfterFunc(t.Service, func() { l.finish(t) })
			continue
		}
		l.tell(t, true)
	}
	for _, t := range next.Late {
		l.tell(t, false)
	}
}

// tell sends a verdict, once. The caller holds the mutex.
func (l *Lane) tell(t *desk.Ticket, begun bool) {
	turn := l.turns[t]
	delete(l.turns, t)
	turn <- begun // never waits: it has room for the one verdict
}
