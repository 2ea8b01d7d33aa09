package admission_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/supervision/admission"
)

// FuzzController feeds histories through a model of a gateway and checks what must hold whatever happens. The seeds run
// with every go test; go test -fuzz FuzzController ./supervision/admission goes on from there.
func FuzzController(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		f.Add(history(rng))
	}
	f.Fuzz(func(t *testing.T, script []byte) { runHistory(t, script) })
}

// TestRandomHistories is the same with histories that differ from run to run.
func TestRandomHistories(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 3))
	for range 600 {
		runHistory(t, history(rng))
	}
}

func history(rng *rand.Rand) []byte {
	script := make([]byte, 20+rng.IntN(600))
	for i := range script {
		script[i] = byte(rng.Uint32())
	}
	return script
}

func runHistory(t *testing.T, script []byte) {
	t.Helper()
	if len(script) < 4 {
		return
	}
	w := newWorld(t, admission.Config{
		Ramp:     []admission.Ramp{{}, {Mode: admission.Auto}, {Mode: admission.Manual, Rate: float64(script[0])}}[script[1]%3],
		Patience: time.Duration(1+script[2]%8) * time.Second, MaxWaiting: 1 + int(script[3]%16), MaxInFlight: 1 + int(script[1]/3%16),
		MaxConcurrency: 1 + int(script[2]/8%4), BucketPeriod: time.Duration(1+script[0]%3) * time.Second, Share: 1 + int(script[3]/16),
		Burst: time.Duration(script[2]) * time.Millisecond, Start: 20, Floor: 1, Ceiling: 500,
	})
	if w.cfg.Burst == 0 {
		w.cfg.Burst = admission.DefaultBurst
	}
	buckets := script[0]%2 == 0
	for i := 4; i+1 < len(script); i += 2 {
		w.act(script[i], script[i+1], buckets)
	}
	w.wait(2 * w.cfg.Patience)
	w.checkPace()
	if len(w.waiting) > 0 {
		t.Fatalf("waiting after %v in which nobody came: got %v, want nobody", 2*w.cfg.Patience, w.waiting)
	}
}

// act is one thing that happens, drawn from two bytes.
func (w *world) act(what, much byte, buckets bool) {
	w.t.Helper()
	switch what % 16 {
	case 0, 1, 2, 3, 4, 5:
		client, shard := uint64(0), uint64(0)
		if buckets {
			client, shard = uint64(much%4), uint64(much/4%8)
		}
		w.arrive(admission.Lane(what/16%3), client, shard)
	case 6, 7:
		w.end(w.running, what, admission.EventDone)
	case 8:
		w.end(w.waiting, what, admission.EventLeave)
	case 9:
		w.step(admission.Event{Kind: admission.EventLeave, ID: uint64(much)*1000 + 999}) // nobody's
	case 10:
		ramp := []admission.Ramp{{}, {Mode: admission.Auto}, {Mode: admission.Manual}, {Mode: admission.Manual, Rate: float64(much)}}[what/16%4]
		w.step(admission.Event{Kind: admission.EventSetRamp, Ramp: ramp})
	case 11:
		w.step(admission.Event{Kind: admission.EventReport, Report: admission.Report{
			Over: time.Duration(much) * 10 * time.Millisecond, Done: int(what / 16), Refused: int(much) % 3 / 2,
			InFlight: int(what/16) % 4, Limit: 4, Latency: time.Duration(much) * time.Millisecond,
		}})
	case 12:
		w.step(admission.Event{Kind: admission.EventKnock})
	case 13:
		w.step(admission.Event{Kind: admission.EventSettled})
	default:
		w.wait(time.Duration(what/16) * time.Duration(much) * time.Millisecond)
	}
}

// end tells the end of the first of some calls, counted from the number.
func (w *world) end(calls map[uint64]call, nth byte, how admission.EventKind) {
	w.t.Helper()
	for id := uint64(nth) % (w.ids + 1); id <= w.ids; id++ {
		if _, there := calls[id]; there {
			delete(calls, id)
			w.step(admission.Event{Kind: how, ID: id})
			return
		}
	}
}
