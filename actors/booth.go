package actors

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// maxStuck is how many calls into other people's code may be left behind in one
// process (each is a goroutine that nobody can stop). Beyond it no value that
// needs such a call is tried.
const maxStuck = 64

// errNotTried is the fault of a value for which there was no call.
var errNotTried = slow("not tried: %d calls of this process have not come back", maxStuck)

// farewellTime is how long after the end of its context a call may still return
// in order.
const farewellTime = time.Second

// booth is where the values of one directory are tried by code that may hang:
// a few at a time, one of a key, each within its budget.
type booth struct {
	stuck *atomic.Int64 // of the process

	mu      sync.Mutex
	room    int // calls that may begin
	waiting lane[*trial]
	keys    map[string]*trial // under way or left behind, by key
}

// trial is one call.
type trial struct {
	key    string
	budget time.Duration
	call   func() error
	// result is what came of it, once it has returned without an error.
	result func() registry.Instance
	// done is told how it ended, from the trial's goroutine; late says that it had
	// been left behind.
	done func(err error, late bool)
	// overdue is called when the budget is over and the call has not returned:
	// it is left behind.
	overdue func()

	settled chan struct{} // closed when it is over, or left behind

	// Guarded by the booth's lock.
	state trialState
	timer *time.Timer
}

type trialState uint8

const (
	trialWaiting trialState = iota
	trialRunning
	trialStuck
	trialOver
)

func newBooth(stuck *atomic.Int64, room int) *booth {
	return &booth{stuck: stuck, room: room, keys: make(map[string]*trial)}
}

// try queues a trial. It reports false where that cannot be: the last trial of
// the key, or too many of the process, never came back.
func (b *booth) try(t *trial) bool {
	t.settled = make(chan struct{})
	b.mu.Lock()
	defer b.mu.Unlock()
	if last := b.keys[t.key]; last != nil && last.state == trialStuck || b.stuck.Load() >= maxStuck {
		return false
	}
	b.keys[t.key] = t
	if b.room == 0 {
		b.waiting.push(t)
		return true
	}
	b.room--
	b.begin(t)
	go b.run(t)
	return true
}

// begin starts a trial's clock; it is called with the lock held.
func (b *booth) begin(t *trial) {
	t.state = trialRunning
	t.timer = time.AfterFunc(t.budget, func() { b.giveUp(t) })
}

// run makes the call, and then those that wait for its place.
func (b *booth) run(t *trial) {
	for t != nil {
		_, err := safely(func() (struct{}, error) { return struct{}{}, t.call() })
		next, late := b.end(t)
		t.done(err, late)
		if !late {
			close(t.settled)
		}
		t = next
	}
}

// end takes note of the end of a call, and hands out its place: one that was
// left behind has none.
func (b *booth) end(t *trial) (next *trial, late bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t.timer.Stop()
	late = t.state == trialStuck
	b.over(t)
	if late {
		b.stuck.Add(-1)
		return nil, true
	}
	return b.following(), false
}

// following takes the next trial that waits, or leaves its place free.
func (b *booth) following() *trial {
	for b.waiting.len() > 0 {
		t := b.waiting.pop()
		switch {
		case t.state != trialWaiting:
		case b.stuck.Load() >= maxStuck:
			b.over(t)
			t.done(errNotTried, false)
			close(t.settled)
		default:
			b.begin(t)
			return t
		}
	}
	b.room++
	return nil
}

// giveUp leaves a call behind: its place is somebody else's.
func (b *booth) giveUp(t *trial) {
	b.mu.Lock()
	if t.state != trialRunning {
		b.mu.Unlock()
		return
	}
	t.state = trialStuck
	b.stuck.Add(1)
	if next := b.following(); next != nil {
		go b.run(next)
	}
	b.mu.Unlock()
	t.overdue()
	close(t.settled)
}

// cancel takes back a trial that has not begun, and reports whether it had not.
func (b *booth) cancel(t *trial) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if t.state != trialWaiting {
		return false
	}
	b.over(t)
	return true
}

// over forgets a trial; it is called with the lock held.
func (b *booth) over(t *trial) {
	t.state = trialOver
	if b.keys[t.key] == t {
		delete(b.keys, t.key)
	}
}
