package replica

import (
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// served makes a follower with one session that has the guild at revision 1 from node a, at the first term.
func served(t *testing.T) *Follower {
	t.Helper()
	f := NewFollower(guild, "me", 0, still(), start)
	want(t, "opened", f.Opened("s", 1, start))
	want(t, "placed", f.Place("a", start), "a follow 1 keeps false 0")
	want(t, "whole", f.Whole(&wire.GuildState{Term: 1, Revision: 1, Guild: &wire.Guild{}}, start), "Show {}")
	return f
}

func changes(term, after, through uint64, events ...*wire.Event) *wire.Changes {
	return &wire.Changes{Term: term, After: after, Through: through, Events: events}
}

func TestSessionsComeAndGo(t *testing.T) {
	f := served(t)
	want(t, "a second session", f.Opened("t", 2, start), "Greet {t}")
	want(t, "a user", f.Joined(5, 3, start), "Welcome {5}")
	want(t, "all are gone", f.Closed(0, start))
	want(t, "not for long enough", f.Tick(start.Add(time.Second)))
	want(t, "one returns", f.Opened("u", 1, start.Add(time.Second)), "Greet {u}")
	if due, waits := f.Due(); waits && due.Before(start.Add(3*time.Second)) {
		t.Errorf("due: got %v after the start, want nothing before it says how far it is", due.Sub(start))
	}
	f.Closed(0, start.Add(time.Second))
	want(t, "for long enough", f.Tick(start.Add(11*time.Second)), "a unfollow 1", "Stop {}")
	want(t, "ended", f.Opened("v", 1, start.Add(11*time.Second)))
}

func TestWhoJoinedWaitsForTheGuild(t *testing.T) {
	f := NewFollower(guild, "me", 0, still(), start)
	f.Place("a", start)
	want(t, "not known yet", f.Joined(5, 1, start))
	want(t, "known", f.Whole(&wire.GuildState{Term: 1}, start), "Show {}", "Welcome {5}")
}

func TestChangesAreTakenOnceAndInOrder(t *testing.T) {
	f := served(t)
	want(t, "one", f.Changed(changes(1, 1, 2, message(2)), start), "tell 2")
	want(t, "again, and one more", f.Changed(changes(1, 1, 3, message(2), message(3)), start), "tell 3")
	want(t, "another's term", f.Changed(changes(9, 3, 4, message(4)), start))
	want(t, "one is missing", f.Changed(changes(1, 4, 5, message(5)), start), "a follow 2 keeps true 3")
	want(t, "as we asked", f.Changed(changes(2, 3, 5, message(4), message(5)), start), "tell 4", "tell 5")
	want(t, "more was sent than came", f.Heard(&wire.Heard{Term: 2, Revision: 6}, start), "a follow 3 keeps true 5")
}

func TestAGuildIsHiddenAfterItsGrace(t *testing.T) {
	f := served(t)
	want(t, "lost", f.Lost("a", start), "a follow 2 keeps true 1")
	due, _ := f.Due()
	if due.Sub(start) != time.Second {
		t.Fatalf("grace: got %v, want 1s", due.Sub(start))
	}
	want(t, "within it", f.Tick(due.Add(-1)))
	want(t, "after it", f.Tick(due), "Hide {}")
	want(t, "one opens meanwhile", f.Opened("t", 2, due))
	want(t, "served again", f.Changed(changes(2, 1, 2, message(2)), due), "Show {}", "tell 2")
}

func TestNobodyAnswers(t *testing.T) {
	f := NewFollower(guild, "me", 0, still(), start)
	f.Opened("s", 1, start)
	f.Place("a", start)
	want(t, "too long", f.Tick(start.Add(3*time.Second)))
	want(t, "after a pause", f.Tick(start.Add(3*time.Second+50*time.Millisecond)), "a follow 2 keeps false 0")
	want(t, "the ring says another", f.Place("b", start.Add(4*time.Second)), "a unfollow 2", "b follow 3 keeps false 0")
	want(t, "there is none", f.Gone(&wire.Gone{Term: 3, Reason: wire.Gone_NOT_FOUND}, start.Add(4*time.Second)), "Remove {}", "Stop {}")
}

// The old owner goes on until the new one answers.
func TestAMoveIsNotSeen(t *testing.T) {
	f := served(t)
	want(t, "moves", f.Place("b", start), "b follow 2 keeps true 1")
	want(t, "the old one tells", f.Changed(changes(1, 1, 2, message(2)), start), "tell 2")
	want(t, "the new one tells", f.Changed(changes(2, 1, 3, message(2), message(3)), start), "a unfollow 1", "tell 3")
	want(t, "the old one is heard no more", f.Changed(changes(1, 2, 4, message(4)), start))
	want(t, "nor does its end count", f.Gone(&wire.Gone{Term: 1}, start))
}

func TestMissingTooMuchIsSeen(t *testing.T) {
	f := served(t)
	want(t, "moves", f.Place("b", start), "b follow 2 keeps true 1")
	want(t, "anew", f.Whole(&wire.GuildState{Term: 2, Revision: 5000}, start), "a unfollow 1", "Hide {}", "Show {}")
}

func TestAFollowerSaysHowFarItIs(t *testing.T) {
	f := served(t)
	for revision := uint64(2); revision < 65; revision++ {
		want(t, "one", f.Changed(changes(1, revision-1, revision, message(revision)), start), told([]Step{Tell{message(revision)}})...)
	}
	want(t, "the 64th", f.Changed(changes(1, 64, 65, message(65)), start), "tell 65", "a seen 65")
	want(t, "in time", f.Tick(start.Add(3*time.Second)), "a seen 65")
	want(t, "the owner is silent", f.Tick(start.Add(15*time.Second)), "a follow 2 keeps true 65")
}
