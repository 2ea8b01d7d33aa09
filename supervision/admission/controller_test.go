package admission_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/supervision/admission"
)

func manual(rate float64) admission.Ramp { return admission.Ramp{Mode: admission.Manual, Rate: rate} }

func newController(t *testing.T, cfg admission.Config, rnd func() float64) *admission.Controller {
	t.Helper()
	c, err := admission.New(cfg, rnd, 0)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// told is what steps say, in few words.
func told(steps []admission.Step) string {
	var words []string
	for _, s := range steps {
		switch s.Kind {
		case admission.StepGrant:
			words = append(words, fmt.Sprintf("%d", s.ID))
		case admission.StepRefuse:
			words = append(words, fmt.Sprintf("%d %v", s.ID, s.Reason))
		case admission.StepOpen:
			words = append(words, "open")
		case admission.StepRate:
			words = append(words, fmt.Sprintf("%v %.4g/s", s.Cause, s.Rate))
		}
	}
	return strings.Join(words, ", ")
}

func arrival(id uint64, lane admission.Lane) admission.Event {
	return admission.Event{Kind: admission.EventArrive, ID: id, Lane: lane}
}

func identify(id, client, shard uint64) admission.Event {
	return admission.Event{Kind: admission.EventArrive, ID: id, Lane: admission.Identify, Client: client, Shard: shard}
}

// TestOrder tells who is granted, one a second, of requests that came at 0 s in the order of their numbers.
func TestOrder(t *testing.T) {
	r, i, l := admission.Resume, admission.Identify, admission.Load
	rows := []struct {
		name  string
		lanes []admission.Lane
		share int
		want  []uint64
	}{
		{"lanes before arrival", []admission.Lane{l, i, r}, 10, []uint64{3, 2, 1}},
		{"oldest first while all is new, newest first once there is too much", []admission.Lane{i, i, i, i, i}, 10, []uint64{1, 5, 4, 3, 2}},
		{"a lane is passed over twice at most", []admission.Lane{r, r, r, r, r, r, i}, 2, []uint64{1, 6, 7, 5, 4, 3, 2}},
		{"two lanes are passed over", []admission.Lane{r, r, r, r, r, r, i, l}, 2, []uint64{1, 6, 7, 8, 5, 4, 3, 2}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			c := newController(t, admission.Config{Ramp: manual(0), Share: row.share}, nil)
			for n, lane := range row.lanes {
				c.Step(0, arrival(uint64(n+1), lane))
			}
			var got []uint64
			take := func(steps []admission.Step) {
				for _, s := range steps {
					if s.Kind == admission.StepGrant {
						got = append(got, s.ID)
					}
				}
			}
			take(c.Step(0, admission.Event{Kind: admission.EventSetRamp, Ramp: manual(0.9)}))
			for at, due := c.Next(); due; at, due = c.Next() {
				take(c.Step(at, admission.Event{Kind: admission.EventTick}))
			}
			if !slices.Equal(got, row.want) {
				t.Errorf("granted: got %v, want %v", got, row.want)
			}
		})
	}
}

func TestBuckets(t *testing.T) {
	c := newController(t, admission.Config{Ramp: manual(1000), Patience: 11 * time.Second}, nil)
	rows := []struct {
		at   time.Duration
		ev   admission.Event
		want string
	}{
		{0, identify(1, 7, 0), "1"},
		{0, identify(2, 7, 1), "2"},  // another bucket
		{0, identify(3, 7, 16), ""},  // the first bucket again
		{0, identify(4, 7, 32), ""},  // the second in it
		{0, identify(5, 8, 0), "5"},  // another client
		{0, identify(6, 0, 0), "6"},  // nobody's
		{0, identify(9, 0, 16), "9"}, // nobody's has no bucket
		{0, identify(7, 7, 48), "7 too soon"},
		{4999 * time.Millisecond, admission.Event{}, ""},
		{5 * time.Second, admission.Event{}, "3"},
		{6 * time.Second, admission.Event{Kind: admission.EventLeave, ID: 4}, ""},
		{7 * time.Second, identify(8, 7, 0), ""},
		{10 * time.Second, admission.Event{}, "8"},
	}
	for _, row := range rows {
		if got := told(c.Step(row.at, row.ev)); got != row.want {
			t.Errorf("at %v, %v of %d: got %q, want %q", row.at, row.ev.Kind, row.ev.ID, got, row.want)
		}
	}
	c.Step(10*time.Second, identify(10, 7, 0))
	if next, due := c.Next(); !due || next != 15*time.Second {
		t.Errorf("next: got %v, %v, want the end of the bucket's time", next, due)
	}
	if got := told(c.Step(10*time.Second, admission.Event{Kind: admission.EventSetRamp})); got != "ordered +Inf/s, 10" {
		t.Errorf("off: got %q, want whoever a bucket held", got)
	}
}

func TestLimits(t *testing.T) {
	c := newController(t, admission.Config{Ramp: manual(1000), MaxInFlight: 1, MaxWaiting: 2}, nil)
	rows := []struct {
		at   time.Duration
		ev   admission.Event
		want string
	}{
		{0, arrival(1, admission.Identify), "1"},
		{0, arrival(1, admission.Identify), ""}, // in flight
		{0, arrival(2, admission.Identify), ""},
		{0, arrival(2, admission.Load), ""}, // waits
		{time.Second, arrival(3, admission.Identify), ""},
		{time.Second, arrival(9, 3), ""}, // no lane
		{time.Second, arrival(4, admission.Identify), "2 displaced"},
		{time.Second, arrival(5, admission.Load), ""},
		{2 * time.Second, admission.Event{Kind: admission.EventDone, ID: 1}, "4"}, // the newest: there is too much
		{3 * time.Second, admission.Event{Kind: admission.EventDone, ID: 1}, ""},  // nobody's
		{3 * time.Second, admission.Event{Kind: admission.EventLeave, ID: 4}, "3"},
		{11 * time.Second, admission.Event{}, "5 expired"},
		{10 * time.Second, arrival(6, admission.Load), ""}, // time does not go back
		{20 * time.Second, admission.Event{}, ""},
		{21 * time.Second, admission.Event{}, "6 expired"},
	}
	for _, row := range rows {
		if got := told(c.Step(row.at, row.ev)); got != row.want {
			t.Errorf("at %v, %v of %d: got %q, want %q", row.at, row.ev.Kind, row.ev.ID, got, row.want)
		}
	}
	s := c.Stats(21 * time.Second)
	lane := s.Lanes[admission.Identify]
	if lane.Arrived != 4 || lane.Granted != 3 || lane.Refused[admission.Displaced] != 1 || lane.AgeMax != 2*time.Second {
		t.Errorf("figures of identify: got %+v, want 4 arrived, 3 granted, 1 displaced, 2 s at most", lane)
	}
	if lane := s.Lanes[admission.Load]; lane.Refused[admission.Expired] != 2 || lane.AgeMax != 10*time.Second {
		t.Errorf("figures of load: got %+v, want 2 expired after 10 s", lane)
	}
}

func TestDoor(t *testing.T) {
	knock := admission.Event{Kind: admission.EventKnock}
	c := newController(t, admission.Config{Ramp: manual(0), MaxWaiting: 2}, nil)
	rows := []struct {
		name string
		at   time.Duration
		ev   admission.Event
		want string
	}{
		{"nobody is to come in", 0, knock, "0 closed"},
		{"a slow ramp", 0, admission.Event{Kind: admission.EventSetRamp, Ramp: manual(0.1)}, "ordered 0.1/s"},
		{"one is expected", 0, knock, "open"},
		{"two", 0, knock, "open"},
		{"three are one too many, but for the one in ten", 0, knock, "open"},
		{"four", 0, knock, "0 crowded"},
		{"one speaks", 0, admission.Event{Kind: admission.EventSettled}, ""},
		{"and goes on", 0, arrival(1, admission.Identify), "1"},
		{"still two", 0, knock, "0 crowded"},
		{"the others stay silent", 2 * time.Second, knock, "open"},
		{"one waits", 2 * time.Second, arrival(2, admission.Identify), ""},
		{"with one expected that is all", 2 * time.Second, knock, "0 crowded"},
		{"no limit", 2 * time.Second, admission.Event{Kind: admission.EventSetRamp}, "ordered +Inf/s, 2"},
		{"everybody comes in", 2 * time.Second, knock, "open"},
		{"and everybody", 2 * time.Second, knock, "open"},
		{"and everybody", 2 * time.Second, knock, "open"},
	}
	for _, row := range rows {
		if got := told(c.Step(row.at, row.ev)); got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
	if got := c.Stats(2 * time.Second).Door; got.Opened != 7 || got.Refused[admission.Crowded] != 3 || got.Refused[admission.Closed] != 1 {
		t.Errorf("door: got %+v, want 7 opened, 3 crowded, 1 closed", got)
	}
}

// TestRetryAfter: those who are refused together come back apart, later where more wait, and never at once.
func TestRetryAfter(t *testing.T) {
	rows := []struct {
		name    string
		ramp    admission.Ramp
		waiting int
		rnd     float64
		want    time.Duration
	}{
		{"least", manual(1000), 1, 0, time.Second / 2},
		{"least, drawn high", manual(1000), 1, 0.5, time.Second},
		{"twenty before it, two a second", manual(2), 20, 0.5, 10 * time.Second},
		{"drawn low", manual(2), 20, 0, 5 * time.Second},
		{"most", manual(0.01), 100, 0.5, time.Minute},
		{"nobody", manual(0), 5, 0.5, 30 * time.Second},
		{"a number that is none", manual(0), 5, math.NaN(), 30 * time.Second},
		{"a number that is too large", manual(0), 5, 7, 30 * time.Second},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			cfg := admission.Config{Ramp: row.ramp, MaxInFlight: 1, MaxWaiting: row.waiting}
			c := newController(t, cfg, func() float64 { return row.rnd })
			if row.ramp.Rate > 0 {
				c.Step(0, arrival(1<<40, admission.Load)) // in flight
			}
			var last []admission.Step
			for n := range row.waiting + 1 {
				last = c.Step(0, arrival(uint64(n), admission.Load))
			}
			if told(last) != "0 displaced" || last[0].RetryAfter != row.want {
				t.Errorf("the last of %d: got %+v, want the first refused for %v", row.waiting+1, last, row.want)
			}
		})
	}
}

func TestStepAllocatesNothing(t *testing.T) {
	c := newController(t, admission.Config{Ramp: manual(1000)}, nil)
	now, id := time.Duration(0), uint64(0)
	once := func() {
		now += time.Millisecond
		id++
		c.Step(now, arrival(id, admission.Identify))
		c.Step(now, admission.Event{Kind: admission.EventDone, ID: id})
	}
	for range 1000 {
		once()
	}
	if got := testing.AllocsPerRun(1000, once); got != 0 {
		t.Errorf("allocations for an arrival and its end: got %v, want 0", got)
	}
}

// TestMemoryIsBounded: whoever may come, and however often, what is kept is what may wait.
func TestMemoryIsBounded(t *testing.T) {
	c := newController(t, admission.Config{Ramp: manual(1_000_000), MaxInFlight: 100_000, MaxWaiting: 100}, nil)
	for n := range uint64(200_000) {
		c.Step(time.Duration(n)*time.Microsecond, identify(n, n+1, n)) // no two of one client, all within one period
		c.Step(time.Duration(n)*time.Microsecond, admission.Event{Kind: admission.EventDone, ID: n})
	}
	for n := range uint64(200_000) { // and as many that leave before their turn
		c.Step(time.Second, admission.Event{Kind: admission.EventSetRamp, Ramp: manual(0)})
		c.Step(time.Second, identify(n, n+1<<40, n))
		c.Step(time.Second, admission.Event{Kind: admission.EventLeave, ID: n})
	}
	if got := c.Kept(); got > 1<<16+200 {
		t.Errorf("kept of 200,000 clients: got %d, want the buckets of 65,536 at most", got)
	}
	if got := c.Stats(time.Second).Lanes[admission.Identify].Granted; got < 199_000 {
		t.Errorf("granted: got %d, want nearly all of 200,000", got)
	}
}

func BenchmarkArriveAndDone(b *testing.B) {
	for _, waiting := range []int{0, 4000} {
		b.Run(fmt.Sprintf("waiting=%d", waiting), func(b *testing.B) {
			c, err := admission.New(admission.Config{Ramp: manual(1_000_000), MaxInFlight: 1, Patience: time.Hour}, nil, 0)
			if err != nil {
				b.Fatal(err)
			}
			now, id, last := time.Duration(0), uint64(0), uint64(0)
			arrive := func() {
				id++
				for _, s := range c.Step(now, identify(id, id, 0)) {
					last = s.ID
				}
			}
			for range waiting + 1 {
				arrive()
			}
			for b.Loop() {
				now += 2 * time.Microsecond
				arrive()
				for _, s := range c.Step(now, admission.Event{Kind: admission.EventDone, ID: last}) {
					last = s.ID
				}
			}
		})
	}
}
