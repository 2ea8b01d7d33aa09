package desk_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/work/desk"
)

// world is a crowd of calls at one desk, and a count of its own.
type world struct {
	*testing.T
	cfg      desk.Config
	desk     *desk.Desk
	now      time.Duration
	working  []*desk.Ticket
	waiting  []*desk.Ticket // in order of arrival
	deadline map[*desk.Ticket]time.Time
	aside    int
	arrived  int
	refused  int
	late     int
	gone     int
	served   int
}

// TestRandomHistories drives a desk with what may happen to it and counts beside.
func TestRandomHistories(t *testing.T) {
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		cfg := desk.Config{
			Workers: 1 + rnd.IntN(8), Queue: rnd.IntN(20), Service: time.Duration(rnd.IntN(3)) * time.Millisecond,
			Spread: desk.Spread(rnd.IntN(2)), Late: desk.Late(rnd.IntN(2)),
		}
		w := &world{T: t, cfg: cfg, desk: open(t, cfg), deadline: make(map[*desk.Ticket]time.Time)}
		for range 500 {
			w.step(rnd)
			if !w.holds() {
				t.Fatalf("seed %d, %+v", seed, cfg)
			}
		}
	}
}

func (w *world) step(rnd *rand.Rand) {
	w.now += time.Duration(rnd.IntN(1000)) * time.Microsecond
	switch rnd.IntN(10) {
	case 0:
		w.aside = rnd.IntN(w.cfg.Workers + 2)
		w.next(w.desk.SetAside(instant(w.now), w.aside))
	case 1:
		w.leave(rnd)
	case 2, 3, 4:
		if len(w.working) > 0 {
			w.finish(rnd.IntN(len(w.working)))
		}
	default:
		w.arrive(rnd)
	}
}

func (w *world) arrive(rnd *rand.Rand) {
	var deadline time.Time
	if rnd.IntN(2) == 0 {
		deadline = instant(w.now + time.Duration(rnd.IntN(10_000))*time.Microsecond)
	}
	w.arrived++
	free := len(w.working) < w.limit()
	ticket, refusal := w.desk.Arrive(instant(w.now), deadline, rnd.Float64())
	switch {
	case refusal != nil:
		if free {
			w.Errorf("refused with %d of %d working", len(w.working), w.limit())
		}
		if refusal.RetryAfter < 100*time.Millisecond || refusal.RetryAfter > 10*time.Second {
			w.Errorf("retry after %v, want a tenth of a second to ten", refusal.RetryAfter)
		}
		if refusal.Reason == desk.Full {
			w.refused++
		} else {
			w.late++
		}
	case ticket.Waiting():
		w.waiting, w.deadline[ticket] = append(w.waiting, ticket), deadline
	default:
		w.working = append(w.working, ticket)
	}
}

func (w *world) leave(rnd *rand.Rand) {
	all := append(slices.Clone(w.waiting), w.working...)
	if len(all) == 0 {
		return
	}
	ticket := all[rnd.IntN(len(all))]
	if w.desk.Leave(ticket) {
		w.gone++
		w.waiting = slices.DeleteFunc(w.waiting, func(t *desk.Ticket) bool { return t == ticket })
	}
}

func (w *world) finish(i int) {
	ticket := w.working[i]
	w.working = slices.Delete(w.working, i, i+1)
	if ticket.Gone() {
		w.gone++
	} else {
		w.served++
	}
	w.next(w.desk.Finish(instant(w.now), ticket))
}

// next checks that the queue is left in order of arrival.
func (w *world) next(next desk.Next) {
	for _, begun := range next.Begun {
		if d := w.deadline[begun]; w.cfg.Late == desk.Refuse && !d.IsZero() && instant(w.now+w.cfg.Service).After(d) {
			w.Errorf("begun at %v with a deadline at %v", instant(w.now), d)
		}
	}
	w.late += len(next.Late)
	out := append(slices.Clone(next.Begun), next.Late...)
	for _, t := range w.waiting[:len(out)] {
		if !slices.Contains(out, t) {
			w.Errorf("the queue was left out of order")
		}
	}
	w.waiting = w.waiting[len(out):]
	w.working = append(w.working, next.Begun...)
}

func (w *world) limit() int { return w.cfg.Workers - min(w.aside, w.cfg.Workers-1) }

func (w *world) holds() bool {
	r := w.desk.Report(instant(w.now))
	counted := desk.Report{
		Busy: len(w.working), Limit: w.limit(), Waiting: len(w.waiting), InFlight: len(w.working) + len(w.waiting),
		Served: uint64(w.served), Refused: uint64(w.refused), Late: uint64(w.late), Gone: uint64(w.gone),
	}
	got := desk.Report{
		Busy: r.Busy, Limit: r.Limit, Waiting: r.Waiting, InFlight: r.InFlight,
		Served: r.Served, Refused: r.Refused, Late: r.Late, Gone: r.Gone,
	}
	if got != counted {
		w.Errorf("report: got %+v, counted %+v", got, counted)
	}
	if len(w.waiting) > w.cfg.Queue {
		w.Errorf("queue: got %d waiting, want %d at most", len(w.waiting), w.cfg.Queue)
	}
	if len(w.waiting) > 0 && len(w.working) < w.limit() {
		w.Errorf("%d wait while %d of %d work", len(w.waiting), len(w.working), w.limit())
	}
	if sum := w.served + w.refused + w.late + w.gone + len(w.working) + len(w.waiting); sum != w.arrived {
		w.Errorf("ends: got %d of %d arrived", sum, w.arrived)
	}
	return !w.Failed()
}

// TestQueueingTheory: Poisson arrivals at one desk wait as long as Erlang's formula
// for M/M/c says.
func TestQueueingTheory(t *testing.T) {
	const workers, service, load = 4, 10 * time.Millisecond, 0.8
	rnd := rand.New(rand.NewPCG(7, 7))
	d := open(t, desk.Config{Workers: workers, Queue: desk.MaxQueue, Service: service, Spread: desk.Exponential})
	type end struct {
		at     time.Duration
		ticket *desk.Ticket
	}
	var ends []end // sorted
	arrivals := make(map[*desk.Ticket]time.Duration)
	var now, waited time.Duration
	begin := func(t *desk.Ticket) {
		e := end{now + t.Service, t}
		i, _ := slices.BinarySearchFunc(ends, e, func(a, b end) int { return int(a.at - b.at) })
		ends = slices.Insert(ends, i, e)
		waited += now - arrivals[t]
	}
	const calls = 200_000
	var arrival time.Duration
	for range calls {
		arrival += time.Duration(rnd.ExpFloat64() * float64(service) / (workers * load))
		for len(ends) > 0 && ends[0].at <= arrival {
			now = ends[0].at
			done := ends[0].ticket
			ends = ends[1:]
			for _, t := range d.Finish(instant(now), done).Begun {
				begin(t)
			}
		}
		now = arrival
		ticket, refusal := d.Arrive(instant(now), time.Time{}, rnd.Float64())
		if refusal != nil {
			t.Fatalf("refused: %+v", refusal)
		}
		arrivals[ticket] = now
		if !ticket.Waiting() {
			begin(ticket)
		}
	}
	want := erlangC(workers, workers*load) * float64(service) / (workers * (1 - load))
	if got := float64(waited) / calls; math.Abs(got-want)/want > 0.05 {
		t.Errorf("mean wait: got %v, want %v (Erlang's C) within 5 %%", time.Duration(got), time.Duration(want))
	}
}

// erlangC is the part of calls that wait.
func erlangC(workers int, offered float64) float64 {
	sum, term := 0.0, 1.0
	for k := range workers {
		sum += term
		term *= offered / float64(k+1)
	}
	last := term * float64(workers) / (float64(workers) - offered)
	return last / (sum + last)
}
