package cluster

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/firebreak-go/firebreak/actors"
)

// cutAct is an act of one chat node and 100 users whose poison was just cut.
func cutAct(t *testing.T) *act {
	t.Helper()
	a := &act{
		cfg: Config{Users: 100}.withDefaults(), profile: ProfileNaive, layout: testLayout(t),
		journal: newJournal([]string{"node-1"}, func(event) {}), teller: newTeller(ProfileNaive, nil),
	}
	for _, e := range []event{
		processStarted{Name: "node-1", Role: roleNode, Life: 1, PID: 1},
		processReady{Name: "node-1", Role: roleNode, Life: 1},
		loadSampled{At: time.Now(), Life: 1, Connected: 100},
		putCut{At: time.Now()},
	} {
		a.journal.add(e)
	}
	a.journal.look(func(b *board) { b.before = 100 })
	return a
}

// later adds events after d of the bubble's time, each at the time it is added.
func later(a *act, d time.Duration, events ...func(at time.Time) event) {
	time.AfterFunc(d, func() {
		for _, e := range events {
			a.journal.add(e(time.Now()))
		}
	})
}

func sampled(connected int) func(time.Time) event {
	return func(at time.Time) event { return loadSampled{At: at, Life: 1, Connected: connected} }
}

func stored(good bool) func(time.Time) event {
	return func(at time.Time) event { return recordSeen{At: at, Good: good} }
}

func forwarded(at time.Time) event { return putForwarded{At: at} }

func reported(kind actors.EventKind) func(time.Time) event {
	return func(at time.Time) event {
		return nodeReported{At: at, Node: "node-1", Life: 1, Kind: kind, Key: badKey}
	}
}

func TestSettle(t *testing.T) {
	const s = time.Second
	for _, row := range []struct {
		name    string
		play    func(a *act)
		after   time.Duration
		settled bool
		notes   []string
	}{
		{
			"everything comes back, and stays for the hold time",
			func(a *act) {
				later(a, 1*s, stored(false), reported(actors.EventKeyQuarantined), sampled(50))
				later(a, 3*s, forwarded, stored(true), reported(actors.EventKeyReleased))
				later(a, 4*s, sampled(99))
				later(a, 5*s, sampled(100))
				later(a, 6*s, sampled(100))
			},
			6 * s, true, nil,
		},
		{
			"a key stays in quarantine",
			func(a *act) {
				later(a, 1*s, stored(false), reported(actors.EventKeyQuarantined), forwarded, stored(true))
				later(a, 9*s, sampled(100))
			},
			69 * s, false,
			[]string{"not recovered: a bad key still in quarantine (time limit of 1m8s)"},
		},
		{
			"the bad write leaves nothing",
			func(a *act) { later(a, 11*s, forwarded); later(a, 13*s, sampled(100)) },
			13 * s, true,
			[]string{"the cut announcement left no bad record in etcd (time limit of 10s)"},
		},
		{
			"nothing happens at all", func(*act) {}, 110 * s, false,
			[]string{
				"the cut announcement left no bad record in etcd (time limit of 10s)",
				"api-2 did not announce itself again (time limit of 32s)",
				"not recovered: no good announcement (time limit of 1m8s)",
			},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := cutAct(t)
				began := time.Now()
				row.play(a)
				if err := a.settle(t.Context()); err != nil {
					t.Fatal(err)
				}
				if a.settled != row.settled || !slices.Equal(a.notes, row.notes) {
					t.Errorf("settled: got %v with notes %q, want %v with %q", a.settled, a.notes, row.settled, row.notes)
				}
				if took := time.Since(began); took != row.after {
					t.Errorf("settle: took %v, want %v", took, row.after)
				}
			})
		})
	}
}

func TestSettleEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := cutAct(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := a.explain(ctx, a.settle(ctx))
		if !errors.Is(err, context.DeadlineExceeded) || err.Error() != "interrupted in act naive" {
			t.Errorf("settle after its context ended: got %v, want it interrupted", err)
		}
	})
}
