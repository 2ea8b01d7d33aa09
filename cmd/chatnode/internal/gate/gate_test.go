package gate

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/firebreak-go/firebreak/supervision/admission"
)

func manual(rate float64) admission.Ramp { return admission.Ramp{Mode: admission.Manual, Rate: rate} }

func newGate(t *testing.T, cfg admission.Config) *Gate {
	t.Helper()
	g, err := New(Config{Admission: cfg})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// TestEnterAtTheRate: ten at two a second take four and a half seconds, and nobody else.
func TestEnterAtTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t, admission.Config{Ramp: manual(2), Burst: time.Millisecond})
		begin := time.Now()
		var granted atomic.Int32
		for range 10 {
			go func() {
				if pass, err := g.Enter(t.Context(), Request{Lane: admission.Identify}); err == nil {
					granted.Add(1)
					pass.End(false)
				}
			}()
		}
		time.Sleep(4400 * time.Millisecond)
		if got := granted.Load(); got != 9 {
			t.Errorf("granted after %v: got %d, want 9", time.Since(begin), got)
		}
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		if got := granted.Load(); got != 10 {
			t.Errorf("granted after %v: got %d, want 10", time.Since(begin), got)
		}
	})
}

func TestRefusalsAndLeaving(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t, admission.Config{Ramp: manual(0), Patience: 3 * time.Second})
		begin := time.Now()
		_, err := g.Enter(t.Context(), Request{Lane: admission.Load})
		if refused, ok := errors.AsType[*Refused](err); !ok || refused.Reason != admission.Expired || refused.RetryAfter < time.Second || time.Since(begin) != 3*time.Second {
			t.Errorf("at a rate of nobody: got %v after %v, want refused as expired after 3s", err, time.Since(begin))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := g.Enter(ctx, Request{Lane: admission.Load}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("with a context that ends: got %v, want its error", err)
		}
		if after, open := g.Knock(); open || after < 15*time.Second {
			t.Errorf("knock at a rate of nobody: got %v, %v, want it shut for a while", after, open)
		}
		f := g.Figures()
		if l := f.Lanes[admission.Load]; l.Arrived != 2 || l.Refused["expired"] != 1 || l.Left != 1 || l.Waiting != 0 || f.QueueAgeMSMax != 3000 {
			t.Errorf("figures: got %+v, want 2 arrived, 1 expired, 1 left, 3 s at most", f)
		}
		if f.IdentifyRejected != 1 || f.Door.Refused["closed"] != 1 {
			t.Errorf("figures: got %+v, want the one at the door rejected", f)
		}
	})
}

// TestLeaveAfterTheGrant: a grant that comes together with the end of its context takes up no place.
func TestLeaveAfterTheGrant(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	g := newGate(t, admission.Config{MaxInFlight: 1})
	for range 100 { // the runtime draws which of the two it sees
		if pass, err := g.Enter(ended, Request{}); err == nil {
			pass.End(false)
		}
		if got := g.Figures().InFlight; got != 0 {
			t.Fatalf("in flight: got %d, want 0", got)
		}
	}
}

func TestBucketsAreByTokenAndShard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t, admission.Config{Ramp: manual(1000)})
		begin := time.Now()
		for _, r := range []Request{{Token: "a"}, {Token: "b"}, {Token: "a", Shard: 1}, {Token: "a", Shard: 16}} {
			r.Lane = admission.Identify
			pass, err := g.Enter(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			pass.End(false)
		}
		if got := time.Since(begin); got < 5*time.Second || got > 5100*time.Millisecond {
			t.Errorf("four Identifies of three buckets: took %v, want 5s", got)
		}
	})
}

// TestMeasuredRamp: calls that are refused make the rate fall, calls that are answered let it climb.
func TestMeasuredRamp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		g, err := New(Config{Admission: admission.Config{Ramp: admission.Ramp{Mode: admission.Auto}}, Log: zerolog.New(&log).Level(zerolog.InfoLevel)})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- g.Run(ctx) }()
		load := func(failed bool, lane admission.Lane) {
			for range 200 {
				if pass, err := g.Enter(t.Context(), Request{Lane: lane}); err == nil {
					pass.End(failed)
				}
			}
		}
		load(false, admission.Identify)
		high := *g.Figures().Rate
		load(true, admission.Resume) // says nothing about capacity
		if got := *g.Figures().Rate; high <= admission.DefaultStart || got < high {
			t.Errorf("rate after calls that were answered: got %v, %v, want it to climb", high, got)
		}
		load(true, admission.Load)
		if f := g.Figures(); *f.Rate > admission.DefaultStart || f.Cause != "fell" {
			t.Errorf("rate after calls that were refused: got %v, %s, want less", *f.Rate, f.Cause)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: got %v, want nil", err)
		}
		if got := log.String(); !strings.Contains(got, `"cause":"fell"`) || strings.Contains(got, "climbed") {
			t.Errorf("log: got %s, want the fall and no climb", got)
		}
	})
}

func TestSetRamp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t, admission.Config{Ramp: manual(0)})
		entered := make(chan error)
		go func() {
			_, err := g.Enter(t.Context(), Request{})
			entered <- err
		}()
		synctest.Wait()
		if err := g.SetRamp(admission.Ramp{Mode: 7}); err == nil {
			t.Error("ramp without a mode: got nil, want an error")
		}
		if err := g.SetRamp(manual(5)); err != nil {
			t.Errorf("5/s: got %v, want nil", err)
		}
		if err := <-entered; err != nil {
			t.Errorf("whoever waited: got %v, want a pass", err)
		}
		if f := g.Figures(); f.Ramp != manual(5) || *f.Rate != 5 || f.Cause != "ordered" || f.InFlight != 1 || f.Limit != 256 {
			t.Errorf("figures: got %+v, want 5/s as ordered, one of 256 in flight", f)
		}
		if err := g.SetRamp(admission.Ramp{}); err != nil || g.Figures().Rate != nil {
			t.Errorf("off: got %v, rate %v, want none", err, g.Figures().Rate)
		}
		if text, err := json.Marshal(g.Figures()); err != nil || !strings.Contains(string(text), `{"ramp":"off","rate":null,`) {
			t.Errorf("as JSON: got %s, %v", text, err)
		}
	})
}

func TestMetrics(t *testing.T) {
	g := newGate(t, admission.Config{})
	if _, err := g.Enter(t.Context(), Request{Lane: admission.Resume}); err != nil {
		t.Fatal(err)
	}
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(NewMetrics(g))
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			name := family.GetName()
			for _, l := range m.GetLabel() {
				name += " " + l.GetValue()
			}
			got[name] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	for name, want := range map[string]float64{
		"chatnode_admission_granted_total resume": 1, "chatnode_admission_granted_total load": 0,
		"chatnode_admission_in_flight": 1, "chatnode_admission_limit": 256, "chatnode_admission_rate": math.Inf(1),
		"chatnode_admission_refused_total identify too soon": 0, "chatnode_door_refused_total crowded": 0,
	} {
		if value, there := got[name]; !there || value != want {
			t.Errorf("%s: got %v (there: %v), want %v", name, value, there, want)
		}
	}
}

func TestBadConfig(t *testing.T) {
	if _, err := New(Config{Admission: admission.Config{Patience: -1}}); err == nil {
		t.Error("negative patience: got nil, want an error")
	}
}
