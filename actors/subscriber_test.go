package actors_test

import (
	"testing"
	"testing/synctest"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/firebreak-go/firebreak/actors"
)

// TestObserverThatPanics: it is not the supervisor's failure.
func TestObserverThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := 0
		g := prepare(t, actors.SupervisorConfig{
			SupervisorSpec: static(child("a", script{on: acts{"ping": pong, "go": first(func() { panic("broken") })}}.props())),
			Observe:        func(actors.Event) { told++; panic("in the observer") },
		})
		if err := g.Start(t.Context()); err != nil {
			t.Fatalf("Start: got %v, want no error", err)
		}
		g.send("a", "go")
		g.alive(t, "a")
		g.stop(t, 0, 0)
		if events := g.all(); told != len(events) {
			t.Errorf("calls of the observer: got %d, want one for each of %d events", told, len(events))
		}
		g.expectTold(t, actors.EventChildExited, 2)
		g.expectTold(t, actors.EventSupervisorDown, 1)
	})
}

// TestDeadLetterSubscriberThatPanics: protoactor calls it where a message goes
// astray, which is often in a turn of the tree.
func TestDeadLetterSubscriberThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const queued = 10
		wait := make(chan struct{})
		g := plant(t, static(
			child("a", script{on: acts{"ping": pong, "go": first(func() { <-wait; panic("broken") })}}.props()),
			child("b", script{on: acts{"ping": pong}}.props()),
		))
		letters := 0
		g.system.EventStream.Subscribe(func(event any) {
			if letter, ok := event.(*actor.DeadLetterEvent); ok && letter.Message == "lost" {
				letters++
				panic("in the subscriber")
			}
		})
		g.send("a", "go")
		for range queued {
			g.send("a", "lost")
		}
		close(wait)
		synctest.Wait()
		if letters != queued {
			t.Errorf("dead letters: got %d, want %d", letters, queued)
		}
		g.alive(t, "a")
		g.alive(t, "b")
		exits := g.told(actors.EventChildExited)
		if len(exits) != 1 || exits[0].Reason != "panic: broken" {
			t.Errorf("exits: got %v, want that of the child alone", exits)
		}
		g.stop(t, 0, 0)
	})
}
