package desk

import (
	"container/list"
	"time"
)

// Limits of the time after which a refused call may come again.
const (
	minRetry = 100 * time.Millisecond
	maxRetry = 10 * time.Second
)

// recent is the weight of one more call in the mean time for which workers are held.
const recent = 1.0 / 32

// Reason is why a call is not worked on.
type Reason uint8

const (
	// Full means that no worker is free and the queue has no room.
	Full Reason = iota
	// TooLate means that the call cannot end by its deadline.
	TooLate
)

func (r Reason) String() string {
	switch r {
	case Full:
		return "the queue is full"
	case TooLate:
		return "it cannot be answered by its deadline"
	}
	return "unknown"
}

// Refusal is what a call that is not worked on is told.
type Refusal struct {
	Reason Reason
	// RetryAfter is when there will be room again as far as is known, spread by
	// the caller's random number so that a crowd does not come back as one.
	RetryAfter time.Duration
}

// Ticket is one call that was not refused when it came. It belongs to its desk.
type Ticket struct {
	// Service is for how long a worker is held at least.
	Service time.Duration

	arrived, began time.Time
	deadline       time.Time // zero: none
	rnd            float64
	place          *list.Element // in the queue; nil: worked on, or done with
	gone           bool          // its caller went away
}

// Waiting says that no worker has begun with it.
func (t *Ticket) Waiting() bool { return t.place != nil }

// Gone says that its caller went away.
func (t *Ticket) Gone() bool { return t.gone }

// Next is what follows from a worker that became free.
type Next struct {
	// Begun are tickets whose work begins now.
	Begun []*Ticket
	// Late are tickets that waited, and would be too late now.
	Late []*Ticket
}

// Desk is the machine. It belongs to one caller at a time.
type Desk struct {
	cfg   Config
	queue list.List // of *Ticket
	busy  int
	aside int

	held  time.Duration // mean time for which a worker was held lately
	tally tally
}

// New returns a desk at which nobody is. A wrong configuration is an error.
func New(cfg Config) (*Desk, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Desk{cfg: cfg.withDefaults(), held: cfg.Service}, nil
}

// Arrive takes a call, or says why not. The deadline is zero where there is none;
// rnd is in [0, 1). The ticket's work begins now unless it is [Ticket.Waiting].
func (d *Desk) Arrive(now, deadline time.Time, rnd float64) (*Ticket, *Refusal) {
	t := &Ticket{Service: d.cfg.draw(rnd), arrived: now, deadline: deadline, rnd: rnd}
	if d.free() {
		d.begin(now, t)
		return t, nil
	}
	if d.queue.Len() >= d.cfg.Queue {
		d.tally.full++
		return nil, d.refusal(Full, rnd)
	}
	if d.late(t, now.Add(d.wait(d.queue.Len()+1))) {
		d.tally.late++
		return nil, d.refusal(TooLate, rnd)
	}
	t.place = d.queue.PushBack(t)
	return t, nil
}

// Finish ends the work on a ticket.
func (d *Desk) Finish(now time.Time, t *Ticket) Next {
	d.tally.work(now, d.busy)
	d.busy--
	d.held += time.Duration(recent * float64(now.Sub(t.began)-d.held))
	if t.gone {
		d.tally.gone++
	} else {
		d.tally.served++
		d.tally.took(now, now.Sub(t.arrived))
	}
	return d.fill(now)
}

// Leave is told that the caller of a ticket went away. Where it says true the
// ticket is done with; else its work goes on, or begins in its turn, and
// [Desk.Finish] follows.
func (d *Desk) Leave(t *Ticket) bool {
	t.gone = true
	if t.place == nil || d.cfg.Late == Serve {
		return false
	}
	d.queue.Remove(t.place)
	t.place = nil
	d.tally.gone++
	return true
}

// SetAside keeps so many workers for somebody else, all but one at most, from
// when they are free.
func (d *Desk) SetAside(now time.Time, workers int) Next {
	d.aside = max(0, min(workers, d.cfg.Workers-1))
	return d.fill(now)
}

// RetryAfter is what a ticket that waited in vain is told.
func (d *Desk) RetryAfter(t *Ticket) Refusal { return *d.refusal(TooLate, t.rnd) }

// fill gives free workers to those who wait.
func (d *Desk) fill(now time.Time) Next {
	var next Next
	for d.free() && d.queue.Len() > 0 {
		t := d.queue.Remove(d.queue.Front()).(*Ticket) //nolint:errcheck,forcetypeassert // nothing else is in it
		t.place = nil
		d.tally.waited(now, now.Sub(t.arrived))
		if d.late(t, now) {
			d.tally.late++
			next.Late = append(next.Late, t)
			continue
		}
		d.begin(now, t)
		next.Begun = append(next.Begun, t)
	}
	return next
}

func (d *Desk) begin(now time.Time, t *Ticket) {
	d.tally.work(now, d.busy)
	t.began = now
	d.busy++
}

// late says that a ticket whose work begins then would not end in time.
func (d *Desk) late(t *Ticket, begins time.Time) bool {
	return d.cfg.Late == Refuse && !t.deadline.IsZero() && begins.Add(d.cfg.Service).After(t.deadline)
}

func (d *Desk) free() bool { return d.busy < d.workers() }

func (d *Desk) workers() int { return d.cfg.Workers - d.aside }

// wait is how long whoever is at a place of the queue, from 1, is expected to wait.
func (d *Desk) wait(place int) time.Duration {
	return time.Duration(float64(place) * float64(d.held) / float64(d.workers()))
}

// refusal says when to come again: when those who wait now have been served, and
// up to as long again.
func (d *Desk) refusal(reason Reason, rnd float64) *Refusal {
	room := max(d.wait(d.queue.Len()+1), minRetry)
	return &Refusal{reason, min(room+time.Duration(rnd*float64(room)), maxRetry)}
}
