package replica

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

var start = time.Unix(1e9, 0)

func still() Config { return Config{Random: func() float64 { return 1 }} }

func message(revision uint64) *wire.Event {
	return &wire.Event{Revision: revision, Kind: uint32(protocol.MessageCreate), GuildId: guild, Full: []byte("{}")}
}

func follow(node string, term uint64) *wire.Follow {
	return &wire.Follow{GuildId: guild, Node: node, Term: term}
}

// owns makes an owner that is at revision 1 of a guild with the members 1 and 2, followed by some nodes, all of term 1.
func owns(t *testing.T, cfg Config, nodes ...string) *Owner {
	t.Helper()
	o, _ := NewOwner(guild, cfg, start)
	for _, node := range nodes {
		o.Follow(follow(node, 1), start)
	}
	o.Claimed(&wire.ClaimedGuild{
		Epoch: 1, Revision: 1, Guild: &wire.Guild{Id: guild, Members: []*wire.Member{{UserId: 1}, {UserId: 2}}},
	}, start)
	return o
}

// told writes steps down, one line each.
func told(steps []Step) []string {
	out := []string{}
	for _, s := range steps {
		switch s := s.(type) {
		case Send:
			out = append(out, s.Node+" "+sent(s.Message))
		case Tell:
			out = append(out, fmt.Sprintf("tell %d", s.Event.GetRevision()))
		case Claim, Read, Stop, Show, Hide, Remove, Greet, Welcome:
			out = append(out, fmt.Sprintf("%T %v", s, s)[len("replica."):])
		}
	}
	return out
}

func sent(m proto.Message) string {
	switch m := m.(type) {
	case *wire.GuildState:
		return fmt.Sprintf("whole %d", m.GetRevision())
	case *wire.Changes:
		out := fmt.Sprintf("%d-%d:", m.GetAfter(), m.GetThrough())
		for _, e := range m.GetEvents() {
			out += fmt.Sprintf(" %d", e.GetRevision())
		}
		for _, p := range m.GetPresences() {
			out += fmt.Sprintf(" %d=%s", p.GetUserId(), p.GetStatus())
		}
		return out
	case *wire.Gone:
		return m.GetReason().String()
	case *wire.Heard:
		return fmt.Sprintf("heard %d", m.GetRevision())
	case *wire.Follow:
		return fmt.Sprintf("follow %d keeps %t %d", m.GetTerm(), m.GetKeeps(), m.GetRevision())
	case *wire.Unfollow:
		return fmt.Sprintf("unfollow %d", m.GetTerm())
	case *wire.Seen:
		return fmt.Sprintf("seen %d", m.GetRevision())
	}
	return fmt.Sprintf("%T", m)
}

func want(t *testing.T, what string, steps []Step, lines ...string) {
	t.Helper()
	if got := told(steps); !slices.Equal(got, lines) {
		t.Errorf("%s: got %q, want %q", what, got, lines)
	}
}

func TestOneClaimHoweverManyFollow(t *testing.T) {
	o, steps := NewOwner(guild, still(), start)
	want(t, "new", steps, "Claim {}")
	for i := range 20 {
		want(t, "another follower", o.Follow(follow(fmt.Sprint(i), 1), start))
		want(t, "a change meanwhile", o.Tell(message(2), start))
	}
	want(t, "not answered", o.ClaimFailed(false, start))
	due, waits := o.Due()
	if pause := due.Sub(start); !waits || pause != 50*time.Millisecond {
		t.Fatalf("pause after a failure: got %v, %t, want 50ms", pause, waits)
	}
	want(t, "too early", o.Tick(due.Add(-1)))
	want(t, "in time", o.Tick(due), "Claim {}")
	if got := len(o.Claimed(&wire.ClaimedGuild{Epoch: 1, Revision: 1, Guild: &wire.Guild{}}, due)); got != 20 {
		t.Errorf("claimed: got %d messages, want one for each of 20 followers", got)
	}
}

func TestNobodysGuildEnds(t *testing.T) {
	o, _ := NewOwner(guild, still(), start)
	o.Follow(follow("a", 1), start)
	want(t, "no such guild", o.ClaimFailed(true, start), "a NOT_FOUND", "Stop {}")
	want(t, "ended", o.Tell(message(1), start))
}

func TestAHoleIsReadAfterAWhile(t *testing.T) {
	o := owns(t, still(), "a")
	want(t, "2 is missing", o.Tell(message(3), start))
	due, _ := o.Due()
	if wait := due.Sub(start); wait != 150*time.Millisecond {
		t.Fatalf("wait: got %v, want 150ms", wait)
	}
	want(t, "before its time", o.Tick(due.Add(-1)))
	want(t, "in its time", o.Tick(due), "Read {1}")
	want(t, "one read at a time", o.Tick(due.Add(time.Second)))
	want(t, "the missing one comes after all", o.Tell(message(2), due), "a 1-3: 2 3")
	want(t, "and is read", o.ChangesRead(&wire.GuildEvents{Events: []*wire.Event{message(2), message(3)}, Through: 3, Head: 3}, due))
}

func TestToldTwice(t *testing.T) {
	o := owns(t, still(), "a")
	want(t, "once", o.Tell(message(2), start), "a 1-2: 2")
	want(t, "twice", o.Tell(message(2), start))
	want(t, "an early one twice", append(o.Tell(message(4), start), o.Tell(message(4), start)...))
	want(t, "its predecessor", o.Tell(message(3), start), "a 2-4: 3 4")
}

func TestEarlyChangesAreBounded(t *testing.T) {
	cfg := still()
	cfg.MaxEarly = 2
	o := owns(t, cfg, "a")
	for revision := uint64(3); revision < 10; revision++ {
		o.Tell(message(revision), start)
	}
	if got := len(o.early); got != 2 {
		t.Errorf("early changes: got %d, want 2", got)
	}
	want(t, "what was kept", o.Tell(message(2), start), "a 1-4: 2 3 4")
	want(t, "what was not", o.Tick(start.Add(time.Second)), "Read {4}")
}

func TestWhoIsStaleSendsItsFollowersAway(t *testing.T) {
	o := owns(t, still(), "a", "b")
	want(t, "not stale", o.Checked(1, false, start))
	want(t, "stale", o.Checked(1, true, start), "a MOVED", "b MOVED", "Stop {}")
	o = owns(t, still(), "a", "b")
	want(t, "released", o.Release(), "a MOVED", "b MOVED", "Stop {}")
	want(t, "twice", o.Release())
}

func TestAnOwnerWithoutFollowersEnds(t *testing.T) {
	o := owns(t, still(), "a")
	want(t, "silent", o.Tick(start.Add(15*time.Second-1)))
	want(t, "silent for too long", o.Tick(start.Add(15*time.Second)))
	if o.Followers() != 0 {
		t.Errorf("followers: got %d, want none", o.Followers())
	}
	due, _ := o.Due()
	want(t, "idle", o.Tick(due.Add(-1)))
	want(t, "idle for too long", o.Tick(due), "Stop {}")
	if got := due.Sub(start); got != 25*time.Second {
		t.Errorf("its end: got %v, want 25s", got)
	}
}

func TestOnlyTheNewestTermCounts(t *testing.T) {
	o := owns(t, still(), "a")
	want(t, "a newer term", o.Follow(follow("a", 3), start), "a whole 1")
	want(t, "an older one", o.Follow(follow("a", 2), start))
	o.Unfollow(&wire.Unfollow{Node: "a", Term: 1}, start)
	if o.Followers() != 1 {
		t.Error("an unfollow of an older term ended the newer one")
	}
	want(t, "seen by an older term", o.Seen(&wire.Seen{Node: "a", Term: 1}, start), "a MOVED")
	want(t, "seen by a stranger", o.Seen(&wire.Seen{Node: "b", Term: 1}, start), "b MOVED")
	want(t, "seen", o.Seen(&wire.Seen{Node: "a", Term: 3, Revision: 1}, start), "a heard 1")
}

func TestTheWindowIsKept(t *testing.T) {
	cfg := still()
	cfg.Window = 2
	o := owns(t, cfg, "a")
	for revision := uint64(2); revision < 4; revision++ {
		o.Tell(message(revision), start)
	}
	want(t, "beyond it", o.Tell(message(4), start))
	want(t, "some were seen", o.Seen(&wire.Seen{Node: "a", Term: 1, Revision: 2}, start), "a heard 3", "a 3-4: 4")
	want(t, "more than was sent", o.Seen(&wire.Seen{Node: "a", Term: 1, Revision: 99}, start), "a heard 4")
	o.Tell(message(5), start)
	want(t, "that counted for nothing", o.Tell(message(6), start))
}

func TestWhoIsBehindGetsWhatItMissed(t *testing.T) {
	o := owns(t, still(), "a")
	o.Tell(message(2), start)
	keeps := func(node string, at uint64) *wire.Follow {
		return &wire.Follow{Node: node, Term: 1, Keeps: true, Revision: at}
	}
	want(t, "from the log", o.Follow(keeps("b", 1), start), "b 1-2: 2")
	want(t, "nothing", o.Follow(keeps("c", 2), start), "c 2-2:")
	want(t, "from the store", o.Follow(keeps("d", 0), start), "Read {0}")
	want(t, "read", o.ChangesRead(&wire.GuildEvents{Events: []*wire.Event{message(1), message(2)}, Through: 2, Head: 2}, start), "d 0-2: 1 2")
	o = owns(t, still(), "a")
	want(t, "from the store again", o.Follow(keeps("e", 0), start), "Read {0}")
	want(t, "a gap", o.ChangesRead(&wire.GuildEvents{Gap: true, Head: 1}, start), "e whole 1")
}

func TestAUserIsSeenAtSeveralNodes(t *testing.T) {
	o := owns(t, still(), "a", "b")
	is := func(user uint64, node, status string) []Step {
		return o.Present(&wire.Presence{GuildId: guild, UserId: user, Node: node, Status: status}, start)
	}
	want(t, "comes", is(1, "a", "online"), "a 1-1: 0 1=online", "b 1-1: 0 1=online")
	want(t, "comes elsewhere", is(1, "b", "online"))
	want(t, "a stranger", is(9, "a", "online"))
	want(t, "from nobody who follows", is(2, "c", "online"))
	want(t, "who spoke last counts", is(1, "a", "idle"), "a 1-1: 0 1=idle", "b 1-1: 0 1=idle")
	want(t, "one node goes", o.Lost("a", start), "b 1-1: 0 1=online")
	want(t, "he goes", is(1, "b", "offline"), "b 1-1: 0 1=offline")
}

func TestWhatTheStoreHasLostIsSentAnew(t *testing.T) {
	o := owns(t, still(), "a")
	want(t, "the store is far ahead", o.Checked(5000, false, start))
	due, _ := o.Due()
	want(t, "a hole", o.Tick(due), "Read {1}")
	want(t, "a gap", o.ChangesRead(&wire.GuildEvents{Gap: true, Head: 5000}, due), "Claim {}")
	want(t, "claimed again", o.Claimed(&wire.ClaimedGuild{Epoch: 2, Revision: 5000, Guild: &wire.Guild{}}, due), "a whole 5000")
}

func TestWhoHasSeenMoreThanThereIsGetsItAnew(t *testing.T) {
	o := owns(t, still())
	want(t, "ahead", o.Follow(&wire.Follow{Node: "a", Term: 1, Keeps: true, Revision: 9}, start))
	due, _ := o.Due()
	want(t, "a hole", o.Tick(due), "Read {1}")
	want(t, "there is no more", o.ChangesRead(&wire.GuildEvents{Through: 1, Head: 1}, due), "a whole 1")
}
