//go:build unix

package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

const (
	// visibleWithin is the promise: so long after the last trouble, every valid record
	// is in every view, and every other difference has a name.
	visibleWithin = 5 * time.Second
	// equalWithin is how long all holds together may take to run out, with the
	// thresholds of this test: amnesia, then expiry with its probes, then the proof of
	// keys that flapped.
	equalWithin = 40 * time.Second
	// roundLength is how long there is trouble before there is peace.
	roundLength = 6 * time.Second
)

// TestChaos makes trouble for an etcd and everybody around it, and then looks at what
// is believed.
func TestChaos(t *testing.T) {
	first := *seedFlag
	if first == 0 {
		first = 1 + rand.Uint64()>>40
	}
	for run := range *runsFlag {
		seed := first + uint64(run)
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) { runChaos(t, seed, *durationFlag) })
		if t.Failed() {
			return
		}
	}
}

func runChaos(t *testing.T, seed uint64, duration time.Duration) {
	t.Helper()
	again := fmt.Sprintf("go test ./tests/chaos -run '^TestChaos$' -count=1 -timeout=0 -chaos.seed=%d -chaos.duration=%v", seed, duration)
	t.Logf("seed %d; the same again: %s", seed, again)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("seed %d failed; the same again: %s", seed, again)
		}
	})
	w := newWorld(t, seed)
	defer w.close()
	w.wantVisible("at the beginning", callLimit)
	for until := time.Now().Add(duration); ; {
		round := min(roundLength, time.Until(until))
		for end := time.Now().Add(round); time.Now().Before(end); {
			w.trouble()
			w.pass(w.between(0, 400*time.Millisecond))
			w.wantHealth()
		}
		w.upheaval()
		w.peace()
		if !time.Now().Before(until) {
			break
		}
	}
	w.say("every published snapshot was looked at: %d", w.ledger.looks)
}

// peace ends the trouble, and looks: first at what is named, then, when all that was
// bad has been mended, at what is equal.
func (w *world) peace() {
	w.t.Helper()
	w.say("peace")
	w.endAll()
	w.lastWord()
	w.wantVisible("in peace", visibleWithin)
	w.mend()
	w.wantEqual()
	w.wantHealth()
}

// lastWord writes something new to every service, which shows whether all views
// still follow.
func (w *world) lastWord() {
	w.t.Helper()
	w.rounds++
	ctx, cancel := context.WithTimeout(w.t.Context(), callLimit)
	defer cancel()
	for _, s := range crowd() {
		value := encode(w.t, registry.Instance{Service: s.name, ID: "last", Host: "127.0.0.1", Port: w.rounds})
		if err := w.server.put(ctx, directory(s.name)+"last", value, 0); err != nil {
			w.t.Fatalf("put in peace: got error %v, want none", err)
		}
	}
}

// wantHealth: nothing exited, and nobody lost a healthy instance.
func (w *world) wantHealth() {
	w.t.Helper()
	if died(w.server.child) {
		w.t.Fatalf("etcd process: ended by itself: %s", w.server.child.out.String())
	}
	for _, n := range w.nodes {
		w.blame(n)
	}
	for _, i := range w.all {
		if err := i.runtime.Err(); err != nil {
			w.t.Fatalf("%s: got %v, want it to announce for ever", i.id, err)
		}
	}
	if losses := w.ledger.lost(); len(losses) > 0 {
		for _, loss := range losses {
			w.t.Error(loss)
		}
		w.t.FailNow()
	}
}

// blame fails the test for what a node did wrong.
func (w *world) blame(n *node) {
	w.t.Helper()
	for _, fault := range n.faults() {
		w.t.Error(fault)
	}
	if w.t.Failed() {
		w.t.FailNow()
	}
}
