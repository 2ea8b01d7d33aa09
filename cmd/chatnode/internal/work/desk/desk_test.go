package desk_test

import (
	"strings"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/work/desk"
)

// instant is a moment of the tests' own time.
func instant(after time.Duration) time.Time {
	return time.Date(2020, 3, 16, 14, 18, 0, 0, time.UTC).Add(after)
}

func open(t *testing.T, cfg desk.Config) *desk.Desk {
	t.Helper()
	d, err := desk.New(cfg)
	if err != nil {
		t.Fatalf("New: got %v, want a desk", err)
	}
	return d
}

// take fails unless the call is worked on, or waits.
func take(t *testing.T, d *desk.Desk, at, deadline time.Time, waits bool) *desk.Ticket {
	t.Helper()
	ticket, refusal := d.Arrive(at, deadline, 0.5)
	if refusal != nil || ticket.Waiting() != waits {
		t.Fatalf("Arrive: got %+v, %+v, want a ticket that waits: %v", ticket, refusal, waits)
	}
	return ticket
}

func TestNobodyWaitsWithoutAQueue(t *testing.T) {
	d := open(t, desk.Config{Workers: 2, Service: 10 * time.Millisecond})
	first := take(t, d, instant(0), time.Time{}, false)
	take(t, d, instant(0), time.Time{}, false)
	_, refusal := d.Arrive(instant(0), time.Time{}, 0)
	if refusal == nil || refusal.Reason != desk.Full || refusal.RetryAfter != 100*time.Millisecond {
		t.Errorf("third of two: got %+v, want it refused for a tenth of a second", refusal)
	}
	d.Finish(instant(10*time.Millisecond), first)
	take(t, d, instant(10*time.Millisecond), time.Time{}, false)
}

func TestDeadlinesInTheQueue(t *testing.T) {
	const service = 10 * time.Millisecond
	for _, row := range []struct {
		name     string
		late     desk.Late
		waiting  int           // before it
		deadline time.Duration // after its arrival; 0: none
		refused  bool
	}{
		{"none", desk.Refuse, 5, 0, false},
		{"just enough", desk.Refuse, 0, 2 * service, false},
		{"a moment too short", desk.Refuse, 0, 2*service - 1, true},
		{"enough behind five", desk.Refuse, 5, 7 * service, false},
		{"too short behind five", desk.Refuse, 5, 7*service - 1, true},
		{"over, and served", desk.Serve, 5, 1, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			d := open(t, desk.Config{Workers: 1, Queue: 10, Service: service, Late: row.late})
			take(t, d, instant(0), time.Time{}, false)
			for range row.waiting {
				take(t, d, instant(0), time.Time{}, true)
			}
			var deadline time.Time
			if row.deadline != 0 {
				deadline = instant(row.deadline)
			}
			_, refusal := d.Arrive(instant(0), deadline, 0.5)
			if (refusal != nil) != row.refused || refusal != nil && refusal.Reason != desk.TooLate {
				t.Errorf("Arrive: got %+v, want it refused as too late: %v", refusal, row.refused)
			}
		})
	}
}

// A worker that is free takes what comes, so that one slow call cannot make a
// lane refuse everybody for good.
func TestAFreeWorkerTakesEverything(t *testing.T) {
	d := open(t, desk.Config{Workers: 1, Queue: 10})
	slow := take(t, d, instant(0), time.Time{}, false)
	d.Finish(instant(time.Hour), slow)
	take(t, d, instant(time.Hour), instant(time.Hour+time.Nanosecond), false)
}

// What has become too late while it waited is not begun.
func TestWhoWaitedInVain(t *testing.T) {
	const service = 10 * time.Millisecond
	d := open(t, desk.Config{Workers: 1, Queue: 10, Service: service})
	first := take(t, d, instant(0), time.Time{}, false)
	vain := take(t, d, instant(0), instant(2*service), true)
	patient := take(t, d, instant(0), instant(time.Minute), true)
	next := d.Finish(instant(5*service), first) // it took five times as long
	if len(next.Late) != 1 || next.Late[0] != vain || len(next.Begun) != 1 || next.Begun[0] != patient {
		t.Errorf("Finish: got %+v, want the first too late and the second begun", next)
	}
	if got := d.RetryAfter(vain); got.Reason != desk.TooLate || got.RetryAfter < 100*time.Millisecond {
		t.Errorf("RetryAfter: got %+v, want a time for who came too late", got)
	}
	if r := d.Report(instant(5 * service)); r.Late != 1 || r.Served != 1 || r.QueueAgeMaxMS != 50 {
		t.Errorf("report: got %+v, want one late, one served, 50 ms waited at most", r)
	}
}

func TestLeaving(t *testing.T) {
	for _, late := range []desk.Late{desk.Refuse, desk.Serve} {
		d := open(t, desk.Config{Workers: 1, Queue: 10, Late: late})
		first := take(t, d, instant(0), time.Time{}, false)
		second := take(t, d, instant(0), time.Time{}, true)
		if left := d.Leave(second); left != (late == desk.Refuse) {
			t.Errorf("%v: leave: got %v", late, left)
		}
		next := d.Finish(instant(time.Second), first)
		if begun := len(next.Begun) == 1 && next.Begun[0].Gone(); begun != (late == desk.Serve) {
			t.Errorf("%v: after it left: got %+v begun", late, next)
		}
	}
}

func TestSetAside(t *testing.T) {
	d := open(t, desk.Config{Workers: 4, Queue: 10})
	var working []*desk.Ticket
	for range 4 {
		working = append(working, take(t, d, instant(0), time.Time{}, false))
	}
	take(t, d, instant(0), time.Time{}, true)
	take(t, d, instant(0), time.Time{}, true)
	d.SetAside(instant(0), 2)
	for i, want := range []int{0, 0, 1} { // the first two go to whoever they are set aside for
		if next := d.Finish(instant(1), working[i]); len(next.Begun) != want {
			t.Errorf("worker %d free with two set aside: got %d begun, want %d", i, len(next.Begun), want)
		}
	}
	if r := d.Report(instant(1)); r.Limit != 2 || r.Aside != 2 || r.Busy != 2 {
		t.Errorf("report: got %+v, want 2 of 2 busy and 2 set aside", r)
	}
	if next := d.SetAside(instant(2), 0); len(next.Begun) != 1 {
		t.Errorf("given back: got %d begun, want the one who waits", len(next.Begun))
	}
	d.SetAside(instant(2), 100)
	if r := d.Report(instant(2)); r.Limit != 1 {
		t.Errorf("all set aside: got a limit of %d, want one worker left", r.Limit)
	}
}

func TestReportOfTheRecentPast(t *testing.T) {
	d := open(t, desk.Config{Workers: 10})
	var at time.Duration
	for i := range 100 { // one after the other, the last two slow
		took := 5 * time.Millisecond
		if i >= 98 {
			took = 300 * time.Millisecond
		}
		ticket := take(t, d, instant(at), time.Time{}, false)
		at += took
		d.Finish(instant(at), ticket)
	}
	r := d.Report(instant(2 * time.Second))
	if r.P50MS < 5 || r.P50MS > 5.5 || r.P99MS < 300 || r.P99MS > 330 {
		t.Errorf("quantiles: got %v and %v, want 5 and 300 ms and a tenth more at most", r.P50MS, r.P99MS)
	}
	if r.BusySeconds < 1.0899 || r.BusySeconds > 1.0901 {
		t.Errorf("busy: got %v worker-seconds, want 98 times 5 ms and twice 300", r.BusySeconds)
	}
	if r := d.Report(instant(12 * time.Second)); r.P99MS != 0 || r.Served != 100 {
		t.Errorf("after a quiet time: got %+v, want the counts and no quantiles", r)
	}
}

func TestConfigs(t *testing.T) {
	for _, row := range []struct {
		name string
		cfg  desk.Config
		want string
	}{
		{"zero", desk.Config{}, ""},
		{"most", desk.Config{Workers: desk.MaxWorkers, Queue: desk.MaxQueue, Service: desk.MaxService, Spread: desk.Exponential, Late: desk.Serve}, ""},
		{"workers", desk.Config{Workers: -1}, "-1 workers"},
		{"too many workers", desk.Config{Workers: desk.MaxWorkers + 1}, "10001 workers"},
		{"queue", desk.Config{Queue: -1}, "queue of -1"},
		{"too long a queue", desk.Config{Queue: desk.MaxQueue + 1}, "queue of 1000001"},
		{"service", desk.Config{Service: -1}, "service time"},
		{"too long a service", desk.Config{Service: desk.MaxService + 1}, "service time"},
		{"spread", desk.Config{Spread: 2}, "spread 2"},
		{"late", desk.Config{Late: 2}, "late 2"},
	} {
		if _, err := desk.New(row.cfg); (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want an error with %q", row.name, err, row.want)
		}
	}
}

// Without service times the desk learns how long its work takes.
func TestWaitsAreLearned(t *testing.T) {
	d := open(t, desk.Config{Workers: 1, Queue: 10})
	var at time.Duration
	for range 200 {
		ticket := take(t, d, instant(at), time.Time{}, false)
		at += time.Second
		d.Finish(instant(at), ticket)
	}
	take(t, d, instant(at), time.Time{}, false)
	if _, refusal := d.Arrive(instant(at), instant(at+900*time.Millisecond), 0); refusal == nil || refusal.RetryAfter < 990*time.Millisecond {
		t.Errorf("less time than calls take: got %+v, want it refused for a second", refusal)
	}
	take(t, d, instant(at), instant(at+1100*time.Millisecond), true)
}
