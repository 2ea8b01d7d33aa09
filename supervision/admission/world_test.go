package admission_test

import (
	"math"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/supervision/admission"
)

// call is what the test knows of a request.
type call struct {
	id            uint64
	lane          admission.Lane
	client, shard uint64
	arrived       time.Duration
}

// world drives a controller and checks, with an account of its own, what must hold after each step.
type world struct {
	t       *testing.T
	cfg     admission.Config // with every limit said
	c       *admission.Controller
	now     time.Duration
	ids     uint64
	waiting map[uint64]call
	running map[uint64]call
	grants  []time.Duration
	rates   []rate
	buckets map[[2]uint64]time.Duration
	passed  [3]int
	plain   bool // no buckets, so that whoever waits is ready
}

type rate struct {
	at    time.Duration
	value float64
}

func newWorld(t *testing.T, cfg admission.Config) *world {
	t.Helper()
	c, err := admission.New(cfg, nil, 0)
	if err != nil {
		t.Fatalf("new controller: %v", err)
	}
	return &world{
		t: t, cfg: cfg, c: c, waiting: map[uint64]call{}, running: map[uint64]call{}, plain: true,
		rates: []rate{{0, c.Rate()}}, buckets: map[[2]uint64]time.Duration{},
	}
}

func (w *world) step(ev admission.Event) []admission.Step {
	w.t.Helper()
	steps := w.c.Step(w.now, ev)
	for _, s := range steps {
		w.check(s)
	}
	w.checkState()
	return steps
}

// wait lets time pass, with a tick whenever one is due.
func (w *world) wait(d time.Duration) {
	w.t.Helper()
	for end := w.now + d; ; {
		next, due := w.c.Next()
		if !due || next > end {
			w.now = end
			return
		}
		w.now = max(w.now, next)
		w.step(admission.Event{Kind: admission.EventTick})
		if again, due := w.c.Next(); due && again <= w.now {
			w.t.Fatalf("next after the tick at %v: got %v, want later", w.now, again)
		}
	}
}

func (w *world) arrive(lane admission.Lane, client, shard uint64) (uint64, []admission.Step) {
	w.t.Helper()
	w.ids++
	one := call{w.ids, lane, client, shard, w.now}
	w.waiting[one.id] = one
	w.plain = w.plain && client == 0
	return one.id, w.step(admission.Event{Kind: admission.EventArrive, ID: one.id, Lane: lane, Client: client, Shard: shard})
}

func (w *world) check(s admission.Step) {
	w.t.Helper()
	switch s.Kind {
	case admission.StepGrant:
		w.checkGrant(s)
	case admission.StepRefuse:
		if s.RetryAfter < time.Second/2 || s.RetryAfter > 3*time.Minute {
			w.t.Fatalf("retry after: got %v, want half a second to three minutes", s.RetryAfter)
		}
		if s.ID == 0 {
			return // at the door
		}
		one, waits := w.waiting[s.ID]
		delete(w.waiting, s.ID)
		if !waits || s.Waited != w.now-one.arrived || s.Waited > w.cfg.Patience || (s.Reason == admission.Expired) != (s.Waited == w.cfg.Patience) {
			w.t.Fatalf("refusal at %v: got %+v of %+v (waits: %v), want it as expired after %v and not later", w.now, s, one, waits, w.cfg.Patience)
		}
	case admission.StepRate:
		w.rates = append(w.rates, rate{w.now, s.Rate})
		if math.IsInf(s.Rate, 1) {
			clear(w.buckets) // off forgets them
		}
	case admission.StepOpen:
	}
}

func (w *world) checkGrant(s admission.Step) {
	w.t.Helper()
	one, waits := w.waiting[s.ID]
	if !waits || s.Lane != one.lane || s.Waited != w.now-one.arrived || s.Waited >= w.cfg.Patience {
		w.t.Fatalf("grant at %v: got %+v of %+v (waits: %v), want one that waits, for less than %v", w.now, s, one, waits, w.cfg.Patience)
	}
	if w.plain {
		w.checkLane(one.lane)
	}
	delete(w.waiting, s.ID)
	w.running[s.ID] = one
	if !math.IsInf(w.c.Rate(), 1) {
		w.grants = append(w.grants, w.now)
		w.checkBucket(one)
	}
}

// checkLane is the rule of lanes, by counting.
func (w *world) checkLane(lane admission.Lane) {
	w.t.Helper()
	var n [3]int
	for _, one := range w.waiting {
		n[one.lane]++
	}
	want := -1
	for l := range n {
		if n[l] > 0 && (want < 0 || w.passed[l] >= w.cfg.Share && w.passed[l] > w.passed[want]) {
			want = l
		}
	}
	if int(lane) != want {
		w.t.Fatalf("lane of a grant with %v waiting, passed over %v: got %v, want %v", n, w.passed, lane, admission.Lane(want))
	}
	for l := range n {
		if w.passed[l]++; l == want || n[l] == 0 {
			w.passed[l] = 0
		}
		if w.passed[l] > w.cfg.Share+1 {
			w.t.Fatalf("lane %v: got passed over %d times, want at most %d", admission.Lane(l), w.passed[l], w.cfg.Share+1)
		}
	}
}

func (w *world) checkBucket(one call) {
	w.t.Helper()
	if one.lane != admission.Identify || one.client == 0 {
		return
	}
	key := [2]uint64{one.client, one.shard % uint64(w.cfg.MaxConcurrency)}
	if last, known := w.buckets[key]; known && w.now-last < w.cfg.BucketPeriod {
		w.t.Fatalf("bucket %v: got grants at %v and %v, want %v between them", key, last, w.now, w.cfg.BucketPeriod)
	}
	w.buckets[key] = w.now
}

func (w *world) checkState() {
	w.t.Helper()
	s := w.c.Stats(w.now)
	waiting := 0
	for i, l := range s.Lanes {
		waiting += l.Waiting
		if l.Waiting > w.cfg.MaxWaiting || l.Oldest >= w.cfg.Patience || l.AgeMax > w.cfg.Patience {
			w.t.Fatalf("lane %v at %v: got %+v, want at most %d that wait for less than %v", admission.Lane(i), w.now, l, w.cfg.MaxWaiting, w.cfg.Patience)
		}
		if got := l.Granted + l.RefusedTotal() + l.Left + uint64(l.Waiting); got != l.Arrived {
			w.t.Fatalf("lane %v: got %d answered, left or waiting, want the %d that arrived", admission.Lane(i), got, l.Arrived)
		}
	}
	if waiting != len(w.waiting) || s.InFlight != len(w.running) || s.InFlight > w.cfg.MaxInFlight {
		w.t.Fatalf("at %v: got %d waiting and %d in flight, want %d and %d of at most %d", w.now, waiting, s.InFlight, len(w.waiting), len(w.running), w.cfg.MaxInFlight)
	}
}

// checkPace looks at every stretch between two grants.
func (w *world) checkPace() {
	w.t.Helper()
	highest := 1.0
	for _, r := range w.rates {
		if !math.IsInf(r.value, 1) {
			highest = max(highest, r.value*w.cfg.Burst.Seconds())
		}
	}
	for i, from := range w.grants {
		for j := i; j < len(w.grants); j++ {
			if got, most := j-i+1, w.budget(from, w.grants[j])+highest+1e-6; float64(got) > most {
				w.t.Fatalf("grants from %v to %v: got %d, want at most %.2f; rates %v", from, w.grants[j], got, most, w.rates)
			}
		}
	}
}

// budget is the rate over a stretch of time.
func (w *world) budget(from, to time.Duration) float64 {
	sum := 0.0
	for i, r := range w.rates {
		end := to
		if i+1 < len(w.rates) {
			end = min(end, w.rates[i+1].at)
		}
		if begin := max(from, r.at); end > begin {
			if math.IsInf(r.value, 1) {
				return math.Inf(1)
			}
			sum += r.value * (end - begin).Seconds()
		}
	}
	return sum
}
