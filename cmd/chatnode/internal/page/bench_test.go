package page

import (
	"fmt"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/pulse"
)

// BenchmarkRecording is what a second of recording costs with 200 nodes and 10,000
// keys, all of which are written once in ten seconds, while 100 of them are bad:
// two pulses of each node, 20 readings of the load, 1,000 writes, five frames. A
// hundredth of a core is 10 ms.
func BenchmarkRecording(b *testing.B) {
	feed := NewFeed(Run{}, nil)
	f := newTestFold(200)
	for n := range 200 {
		for _, c := range []ProcessChange{ProcessStarted, ProcessReady} {
			f.Apply(ProcessSeen{At: start, Node: fmt.Sprintf("node-%d", n+1), Life: 1, Change: c})
		}
	}
	keys := make([]string, 10_000)
	for i := range keys {
		keys[i] = fmt.Sprintf("/services/api/api-%d", i)
	}
	at, index := start, uint64(0)
	for b.Loop() {
		for step := range 5 {
			at = at.Add(FramePeriod)
			for n := range 80 {
				f.Apply(PulseSeen{At: at, Node: f.order[(80*step+n)%200], Life: 1, Pulse: pulse.Pulse{Sessions: n + step, Index: index}})
			}
			for range 4 {
				f.Apply(LoadSeen{At: at, Life: 1, Connected: 1000, Attempts: int64(index)})
			}
			for range 200 {
				index++
				verdict := verdictGood
				if index%100 == 0 {
					verdict = "empty"
				}
				f.Apply(WriteSeen{At: at, Key: keys[index%10_000], Index: index, Value: `{"v":1,"service":"api"}`, Verdict: verdict})
			}
			feed.PublishFrame(f.Frame(at))
		}
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(10*time.Millisecond), "of-1%-of-a-core")
}

// BenchmarkEvent is what one event of a node's runtime costs.
func BenchmarkEvent(b *testing.B) {
	f := newTestFold(200)
	for _, o := range process(1, ProcessStarted, 0, 1) {
		f.Apply(o)
	}
	o := NodeTold{Node: "node-1", Life: 1, Event: actors.Event{At: start, Kind: actors.EventInstanceUpdated, Key: badKey, Index: 7}}
	for b.Loop() {
		f.Apply(o)
	}
}
