package actors_test

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/supervision"
)

// TestEventsSayWhoseDecisionTheyAre follows a group restart below an ID with a
// slash in it, in which one child takes too long to stop.
func TestEventsSayWhoseDecisionTheyAre(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failures := make(chan error)
		s := grow(t, actors.SupervisorConfig{SupervisorSpec: actors.SupervisorSpec{Children: []actors.Child{{
			ChildSpec: supervision.ChildSpec{ID: "pool/1"},
			Supervisor: &actors.SupervisorSpec{
				Spec:     supervision.Spec{Strategy: supervision.OneForAll},
				Children: []actors.Child{functionChild("a", fragile(failures)), lingering()["a function"]},
			},
		}}}})
		events, end := s.Subscribe(0)
		defer end()
		failures <- errors.New("boom")
		time.Sleep(3 * time.Second)
		synctest.Wait()
		var got []string
		for len(events) > 0 {
			e := <-events
			got = append(got, string(e.Kind)+" "+e.Child+" by "+e.Supervisor)
		}
		want := []string{
			"child_started root/pool/1 by root",
			"child_started root/pool/1/a by root/pool/1",
			"child_started root/pool/1/late by root/pool/1",
			"supervisor_up root/pool/1 by root/pool/1",
			"supervisor_up root by root",
			"child_exited root/pool/1/a by root/pool/1",
			"child_stopping root/pool/1/late by root/pool/1",
			"child_abandoned root/pool/1/late by root/pool/1",
			"child_restarting root/pool/1/a by root/pool/1",
			"child_restarting root/pool/1/late by root/pool/1",
			"child_returned root/pool/1/late by root/pool/1",
		}
		if !slices.Equal(got, want) {
			t.Errorf("events: got %q, want %q", got, want)
		}
		stopTree(t, s)
		time.Sleep(3 * time.Second) // until the late one has gone, too
	})
}

// TestOnlyFailuresHaveAClass: an orderly exit is nobody's bug.
func TestOnlyFailuresHaveAClass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failures := make(chan error)
		s := grow(t, actors.SupervisorConfig{SupervisorSpec: actors.SupervisorSpec{Children: []actors.Child{functionChild("a", fragile(failures))}}})
		events, _ := s.Subscribe(0)
		failures <- errors.New("boom")
		synctest.Wait()
		stopTree(t, s)
		var got []string
		for e := range events {
			if e.Kind == actors.EventChildExited {
				got = append(got, e.Exit+"/"+e.Class)
			}
		}
		if want := []string{"error/bug", "shutdown/"}; !slices.Equal(got, want) {
			t.Errorf("exits: got %q, want %q", got, want)
		}
	})
}
