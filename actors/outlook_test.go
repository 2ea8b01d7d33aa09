package actors_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/registry/registrytest"
)

// status is that of the one service, when nothing moves.
func (c *cell) status() actors.ServiceStatus {
	synctest.Wait()
	return c.runtime.Status().Services[0]
}

// TestStatusTellsHowMuchHistoryIsLeft: a directory that is quiet uses up the history
// of a keyspace that is not.
func TestStatusTellsHowMuchHistoryIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := registrytest.NewMemory(registrytest.Config{})
		runtime, err := actors.New(actors.Config{Source: memory, Seed: 1})
		if err != nil {
			t.Fatalf("New: got %v, want no error", err)
		}
		if err := runtime.Watch(service); err != nil {
			t.Fatalf("Watch: got %v, want no error", err)
		}
		c := &cell{runtime: runtime}
		if status := c.status(); status.Resume != nil || status.Staleness != "fresh" {
			t.Errorf("before Start: got %+v, %s, want nothing, fresh", status.Resume, status.Staleness)
		}
		if err := runtime.Start(t.Context()); err != nil {
			t.Fatalf("Start: got %v, want no error", err)
		}
		if r := c.status().Resume; r == nil || *r != (actors.ResumeStatus{Left: 1000, ForMS: -1}) {
			t.Errorf("after the first listing: got %+v, want all of it, for ever", r)
		}
		for range 80 { // in which there is one more listing
			for range 10 {
				memory.Put("/foreign", "x", 0)
			}
			time.Sleep(time.Second)
		}
		r := c.status().Resume
		if r == nil || r.WritesPerSecond < 9 || r.WritesPerSecond > 11 || r.Lag+r.Left != 1000 || r.Lag < 50 || r.Lag > 350 {
			t.Errorf("with ten foreign writes a second: got %+v, want a lag since the listing", r)
		}
		if seconds := float64(r.Left) / r.WritesPerSecond; float64(r.ForMS) < 990*seconds || float64(r.ForMS) > 1010*seconds {
			t.Errorf("with ten foreign writes a second: got %+v, want it to last %.0f s", r, seconds)
		}
		if err := runtime.Stop(context.Background()); err != nil {
			t.Errorf("Stop: got %v, want no error", err)
		}
	})
}
