package actors

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/pick"
	"github.com/firebreak-go/firebreak/registry/ring"
)

// BenchmarkPick is one pick while 10,000 changes a second are applied to the
// directory: ten every millisecond, of which eight are new values, one a leave and
// one a return. Each sweep is published. Peers are brought up to date by the same
// changes as fast as they manage to be, up to once a sweep; updates/s says how fast
// that is.
func BenchmarkPick(b *testing.B) {
	for _, n := range []int{10, 100_000} {
		for policy := pick.RoundRobin; policy <= pick.ZoneAware; policy++ {
			b.Run(fmt.Sprintf("%d/%v", n, policy), func(b *testing.B) {
				r, d := newBenchDirectory(b, n)
				p, err := r.Picker("api", PickerConfig{Policy: policy, Config: pick.Config{Zone: "zone-1"}})
				if err != nil {
					b.Fatal(err)
				}
				d.change(b, nil)
				for b.Loop() {
					choice, _ := p.Pick()
					benchPicked = choice.row
					if policy == pick.PowerOfTwo {
						choice.Done(nil)
					}
				}
			})
		}
		b.Run(fmt.Sprintf("%d/ring", n), func(b *testing.B) {
			r, d := newBenchDirectory(b, n)
			cfg := ring.Config{}
			if n > 1000 {
				cfg = ring.Config{Parts: 1 << 20, VirtualNodes: 16}
			}
			p, err := r.Placement("api", cfg)
			if err != nil {
				b.Fatal(err)
			}
			keys := make([]string, 1024)
			for i := range keys {
				keys[i] = strconv.FormatUint(rand.Uint64(), 10)
			}
			d.change(b, nil)
			for i := 0; b.Loop(); i++ {
				benchPicked = p.Table().Owner(keys[i%1024])
			}
		})
		benchPeers(b, n)
	}
}

// benchPicked keeps what is picked from being optimised away.
var benchPicked *registry.Row

// benchDirectory is a directory that changes.
type benchDirectory struct {
	service *service
	view    *registry.View
	n       int
	index   registry.Index
	away    int // who has left, and comes back next; -1: nobody
}

func newBenchDirectory(b *testing.B, n int) (*Runtime, *benchDirectory) {
	b.Helper()
	r, err := New(Config{})
	if err != nil {
		b.Fatal(err)
	}
	d := &benchDirectory{
		service: newService(r.kernel, "/services/api/", Directory{Service: "api"}), n: n, away: -1,
		view: registry.NewView("/services/api/", registry.Config{Unguarded: true}),
	}
	r.byName["api"] = d.service
	listing := registry.Listing{}
	for i := range n {
		d.index++
		listing.Entries = append(listing.Entries, registry.Entry{Key: d.key(i), Value: "0", Index: d.index})
	}
	listing.Index = d.index
	d.decide(d.view.Resync(listing, time.Now()))
	d.service.publish(d.view.Snapshot(time.Now()))
	return r, d
}

func (d *benchDirectory) key(i int) string { return fmt.Sprintf("/services/api/%06d", i) }

// decide stands for the decoder: a value is a port.
func (d *benchDirectory) decide(steps []registry.Step) {
	for _, step := range steps {
		judge, ok := step.(registry.Judge)
		if !ok {
			continue
		}
		key := judge.Entry.Key
		port, _ := strconv.Atoi(judge.Entry.Value)
		d.view.Accept(key, judge.Entry.Index, registry.Instance{
			Version: 1, Service: "api", ID: key[len("/services/api/"):], Host: "10.0.0.7", Port: 1 + port,
			Zone: "zone-" + key[len(key)-1:], Weight: 100 + port%100, State: registry.StateUp,
		}, time.Now())
	}
}

// sweep applies ten changes and publishes what came of them.
func (d *benchDirectory) sweep() {
	now := time.Now()
	for c := range 10 {
		d.index++
		change := registry.Change{Kind: registry.ChangePut, Index: d.index}
		at := rand.IntN(d.n)
		switch c {
		case 8:
			change.Kind, d.away = registry.ChangeDeleted, at
		case 9:
			at = d.away
		}
		change.Entry = registry.Entry{Key: d.key(at), Value: strconv.Itoa(rand.IntN(60_000)), Index: d.index}
		d.decide(d.view.Observe(change, now))
	}
	d.service.publish(d.view.Snapshot(now))
}

// change sweeps every millisecond until the benchmark ends, and brings a peer up to
// date meanwhile.
func (d *benchDirectory) change(b *testing.B, peer func(*registry.Snapshot)) {
	b.Helper()
	stop, ended := make(chan struct{}), make(chan struct{}, 2)
	var updates atomic.Int64
	go func() {
		defer func() { ended <- struct{}{} }()
		ticker := time.NewTicker(time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				if d.sweep(); peer == nil {
					updates.Add(1)
				}
			case <-stop:
				return
			}
		}
	}()
	go func() {
		defer func() { ended <- struct{}{} }()
		ticker := time.NewTicker(time.Millisecond)
		defer ticker.Stop()
		for peer != nil {
			select {
			case <-ticker.C:
				peer(d.service.snapshot.Load())
				updates.Add(1)
			case <-stop:
				return
			}
		}
	}()
	begin := time.Now()
	b.Cleanup(func() {
		b.ReportMetric(float64(updates.Load())/time.Since(begin).Seconds(), "updates/s")
		close(stop)
		<-ended
		<-ended
	})
	b.ReportAllocs()
	b.ResetTimer()
}
