package admission_test

import (
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/supervision/admission"
)

// storm is a cluster that has lost all its sessions, in steps of 5 ms: clients that come back a second after each
// failure, the controller, and an API tier of 200 calls a second that works off a queue without end, also for callers
// that have given up.
type storm struct {
	c       *admission.Controller
	meter   admission.Meter
	now     time.Duration
	ids     uint64
	waits   map[uint64]bool
	queue   []job // of the API tier, the oldest first
	running []job
	back    []time.Duration // when clients come back
	ready   int
	wasted  int
}

type job struct {
	id    uint64
	began time.Duration
	ends  time.Duration
}

const (
	stormTick    = 5 * time.Millisecond
	stormWorkers = 20
	stormService = 100 * time.Millisecond
	stormLimit   = 2 * time.Second // how long a caller waits
	stormUsers   = 4000
)

func newStorm(t *testing.T, ramp admission.Ramp) *storm {
	t.Helper()
	c, err := admission.New(admission.Config{Ramp: ramp, MaxInFlight: 2000}, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	return &storm{c: c, waits: map[uint64]bool{}, back: make([]time.Duration, stormUsers)}
}

func (s *storm) step(ev admission.Event) {
	for _, step := range s.c.Step(s.now, ev) {
		switch step.Kind {
		case admission.StepGrant:
			delete(s.waits, step.ID)
			s.meter.Began()
			s.queue = append(s.queue, job{id: step.ID, began: s.now})
		case admission.StepRefuse:
			delete(s.waits, step.ID)
			s.back = append(s.back, s.now+step.RetryAfter)
		case admission.StepOpen, admission.StepRate:
		}
	}
}

// run answers how long it takes until nearly all are back, and false where they are not within the time.
func (s *storm) run(limit time.Duration) (time.Duration, bool) {
	for ; s.now < limit; s.now += stormTick {
		s.arrivals()
		s.work()
		if s.now%(500*time.Millisecond) == 0 {
			s.step(admission.Event{Kind: admission.EventReport, Report: s.meter.Report(s.now, 2000)})
		}
		s.step(admission.Event{Kind: admission.EventTick})
		if s.ready >= stormUsers*99/100 {
			return s.now, true
		}
	}
	return limit, false
}

func (s *storm) arrivals() {
	var later []time.Duration
	due := 0
	for _, at := range s.back {
		if at > s.now {
			later = append(later, at)
		} else {
			due++
		}
	}
	s.back = later
	for range due {
		s.ids++
		s.waits[s.ids] = true
		s.step(admission.Event{Kind: admission.EventArrive, ID: s.ids, Lane: admission.Identify})
	}
}

// work lets workers finish and begin. What a caller has given up on costs as much as the rest.
func (s *storm) work() {
	var on []job
	for _, j := range s.running {
		if j.ends > s.now {
			on = append(on, j)
			continue
		}
		late := s.now-j.began > stormLimit
		s.meter.Ended(s.now-j.began, late)
		s.step(admission.Event{Kind: admission.EventDone, ID: j.id})
		if late {
			s.wasted++
			s.back = append(s.back, s.now+time.Second)
		} else {
			s.ready++
		}
	}
	for len(on) < stormWorkers && len(s.queue) > 0 {
		next := s.queue[0]
		s.queue = s.queue[1:]
		next.ends = s.now + stormService
		on = append(on, next)
	}
	s.running = on
}

// TestRateAgainstCapacity shows what the ramp is for. With 200 a second, 4,000 users need 20 s at the best.
func TestRateAgainstCapacity(t *testing.T) {
	const best = stormUsers * stormService / stormWorkers
	rows := []struct {
		name        string
		ramp        admission.Ramp
		recovers    bool
		least, most time.Duration
	}{
		{"off: nobody comes back in time", admission.Ramp{}, false, 0, 0},
		{"half of what there is: twice as long", admission.Ramp{Mode: admission.Manual, Rate: 100}, true, 19 * best / 10, 21 * best / 10},
		{"just below: nearly the best", admission.Ramp{Mode: admission.Manual, Rate: 190}, true, best, 115 * best / 100},
		{"half as much again: over the cliff", admission.Ramp{Mode: admission.Manual, Rate: 300}, false, 0, 0},
		{"measured: finds it", admission.Ramp{Mode: admission.Auto}, true, best, 13 * best / 10},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			s := newStorm(t, row.ramp)
			took, recovered := s.run(6 * best)
			t.Logf("after %v: %d ready, %d calls wasted, rate %v", took, s.ready, s.wasted, s.c.Rate())
			if recovered != row.recovers || recovered && (took < row.least || took > row.most) {
				t.Errorf("recovery: got %v after %v, want %v within %v to %v", recovered, took, row.recovers, row.least, row.most)
			}
		})
	}
}
