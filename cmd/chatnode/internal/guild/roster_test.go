package guild

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/guild/replica"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

func TestRoster(t *testing.T) {
	now := time.Unix(1e9, 0)
	r := newRoster()
	r.open(protocol.SessionInfo{ID: "a", User: 1, Guilds: []uint64{7, 8}}, now)
	r.open(protocol.SessionInfo{ID: "b", User: 1, Guilds: []uint64{7}, Intents: protocol.IntentGuildPresences}, now)
	if r.count(7) != 2 || r.count(8) != 1 || !r.anyWantsPresences(7) || r.anyWantsPresences(8) || !r.wantsPresences("b") {
		t.Errorf("two sessions: got %d, %d", r.count(7), r.count(8))
	}
	if got := r.join(1, 9, now); got != 2 {
		t.Errorf("join: got %d sessions, want 2", got)
	}
	if got := r.join(1, 9, now); got != 0 {
		t.Errorf("join again: got %d sessions, want none", got)
	}
	if got := r.guildsOf("b"); !slices.Equal(got, []uint64{7, 9}) {
		t.Errorf("guilds: got %d, want 7 and 9", got)
	}
	guilds, last := r.close("b")
	if !slices.Equal(guilds, []uint64{7, 9}) || last || r.anyWantsPresences(7) {
		t.Errorf("close: got %d, last %t", guilds, last)
	}
	if guilds, last = r.close("a"); !slices.Equal(guilds, []uint64{7, 8, 9}) || !last {
		t.Errorf("close: got %d, last %t", guilds, last)
	}
	if guilds, last = r.close("a"); guilds != nil || last {
		t.Errorf("close again: got %d, last %t", guilds, last)
	}
	if len(r.sessions)+len(r.users)+len(r.guilds)+len(r.watchers) != 0 {
		t.Errorf("everybody has gone: got %+v", r)
	}
}

// A user may join a guild while he logs in with a list from before.
func TestALateJoinReachesTheSessionThatIsOpening(t *testing.T) {
	now := time.Unix(1e9, 0)
	r := newRoster()
	r.join(1, 7<<22, now)
	in := protocol.SessionInfo{ID: "a", User: 1}
	if got := r.open(in, now.Add(joinKept-1)); !slices.Equal(got, []uint64{7 << 22}) {
		t.Errorf("in time: got %d", got)
	}
	other := in
	other.ID, other.Shard = "b", protocol.Shard{Number: 0, Count: 2}
	if got := r.open(other, now); got != nil {
		t.Errorf("another shard: got %d", got)
	}
	in.ID = "c"
	if got := r.open(in, now.Add(joinKept)); got != nil {
		t.Errorf("too late: got %d", got)
	}
	in.ID, in.Guilds = "d", []uint64{7 << 22}
	if got := r.open(in, now); got != nil {
		t.Errorf("it has it: got %d", got)
	}
}

func TestCardOfALargeGuild(t *testing.T) {
	state := replica.State{Guild: &wire.Guild{Id: 7 << 22, Name: "g"}}
	for user := uint64(1); user <= 300; user++ {
		state.Guild.Members = append(state.Guild.Members, &wire.Member{UserId: user})
		state.Users = append(state.Users, &wire.User{Id: user, Username: "u"})
	}
	online := map[uint64]*wire.Presence{300: {UserId: 300, Status: "idle"}}
	c := newCard(state, online)
	c.presences = online
	type object struct {
		Large     bool              `json:"large"`
		Count     int               `json:"member_count"`
		Members   []json.RawMessage `json:"members"`
		Presences []json.RawMessage `json:"presences"`
	}
	read := func(presences bool) object {
		var payload struct {
			Data object `json:"d"`
		}
		if err := json.Unmarshal(append([]byte("{"), c.of(presences).Full.Text()...), &payload); err != nil {
			t.Fatal(err)
		}
		return payload.Data
	}
	got := read(true)
	if !got.Large || got.Count != 300 || len(got.Members) != 250 || len(got.Presences) != 1 {
		t.Errorf("card: got large %t, %d of %d members, %d presences", got.Large, len(got.Members), got.Count, len(got.Presences))
	}
	if _, named := c.members[300]; !named {
		t.Error("who is online is not named")
	}
	if got := read(false); len(got.Presences) != 0 {
		t.Errorf("without presences: got %s", got.Presences)
	}
	clear(online)
	c.withoutPresences().presences = online
	if got := read(true); len(got.Presences) != 0 {
		t.Errorf("after he has gone: got %s", got.Presences)
	}
}
