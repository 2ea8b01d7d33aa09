package replica

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
)

var (
	seeds     = flag.Int("replica.seeds", 60, "how many random histories to try")
	firstSeed = flag.Uint64("replica.seed", 0, "the seed of the first one; 0 draws it")
)

// Whatever is lost, delayed, killed or moved: a session that stays connected is told every change once, in order, and in
// the end all of them.
func TestEveryChangeOnceInOrder(t *testing.T) {
	first := *firstSeed
	if first == 0 {
		first = rand.Uint64() % 1e9
	}
	for seed := first; seed < first+uint64(*seeds); seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, seed)
			all := names(4)
			w.place = all[0]
			for _, name := range all {
				w.add(name)
			}
			for range 300 {
				w.happen(all)
				w.pass(time.Duration(w.random.IntN(100)) * time.Millisecond)
			}
			w.loss, w.silent = 0, false
			for range 20 {
				w.pass(2 * time.Second)
				w.audit()
			}
			w.wantAll("in the end")
		})
	}
}

// happen is one thing that may happen.
func (w *world) happen(all []string) {
	name := all[w.random.IntN(len(all))]
	switch n := w.random.IntN(100); {
	case n < 60:
		kind := protocol.MessageCreate
		if w.random.IntN(10) == 0 {
			kind = protocol.ChannelCreate
		}
		gone := w.random.IntN(20) == 0
		e := w.commit(kind, gone)
		if !gone && w.random.Float64() >= w.loss { // whoever tells may tell the wrong node, late, or twice
			to := w.place
			if w.random.IntN(10) == 0 {
				to = name
			}
			for range 1 + w.random.IntN(2) {
				w.post(w.delay(), func() { w.tell(to, e) })
			}
		}
	case n < 65:
		w.move(name)
	case n < 70:
		if w.nodes[name] != nil {
			w.kill(name)
		} else {
			w.add(name)
		}
	case n < 75:
		w.loss = []float64{0, 0, 0.05, 0.3}[w.random.IntN(4)]
	case n < 78:
		w.silent = !w.silent
	case n < 85:
		w.audit()
	case n < 87:
		w.kept = []int{1000, 1000, 5}[w.random.IntN(3)]
	case n < 89:
		w.pass(12 * time.Second)
	}
	if w.nodes[w.place] == nil { // the ring finds out
		for _, n := range all {
			if w.nodes[n] != nil {
				w.move(n)
				break
			}
		}
	}
}
