package rest

import (
	"slices"
	"strconv"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// A write that is refused for its claim is tried with the next one, and at last
// without; one that is refused for anything else is not.
func TestFence(t *testing.T) {
	stale := wire.Refuse(codes.FailedPrecondition, wire.Refusal_STALE_EPOCH, "stale")
	for _, row := range []struct {
		name   string
		guild  uint64
		known  []uint64 // what Epoch says, one after the other
		store  error    // unless the epoch is 0
		want   []uint64 // the epochs written with
		stales int
		err    bool
	}{
		{"the newest", 1, []uint64{7}, nil, []uint64{7}, 0, false},
		{"none known", 1, []uint64{0}, stale, []uint64{0}, 0, false},
		{"a guild that is not known", 0, nil, stale, []uint64{0}, 0, false},
		{"a newer one comes", 1, []uint64{7, 8, 9}, stale, []uint64{7, 8, 0}, 2, false},
		{"none comes", 1, []uint64{7, 7}, stale, []uint64{7, 0}, 1, false},
		{"it is forgotten", 1, []uint64{7, 0}, stale, []uint64{7, 0}, 1, false},
		{"another refusal", 1, []uint64{7}, wire.Refuse(codes.NotFound, wire.Refusal_UNKNOWN_CHANNEL, "gone"), []uint64{7}, 0, true},
		{"a store that is away", 1, []uint64{7}, status.Error(codes.Unavailable, "away"), []uint64{7}, 0, true},
	} {
		asked, stales := 0, 0
		s, err := New(Config{
			Store: &stuckStore{},
			Epoch: func(guild uint64) uint64 {
				if guild != row.guild || guild == 0 {
					t.Errorf("%s: asked for guild %d", row.name, guild)
				}
				asked++
				return row.known[asked-1]
			},
			Stale: func(uint64) { stales++ },
		})
		if err != nil {
			t.Fatal(err)
		}
		var got []uint64
		_, err = fenced(s, row.guild, func(epoch uint64) (int, error) {
			if got = append(got, epoch); epoch == 0 {
				return 0, nil
			}
			return 0, row.store
		})
		if !slices.Equal(got, row.want) || stales != row.stales || (err != nil) != row.err {
			t.Errorf("%s: got epochs %v, %d stale, %v, want %v, %d", row.name, got, stales, err, row.want, row.stales)
		}
	}
}

// Every write to a guild carries the claim that is known, messages from the second
// on, and one that is stale costs the client nothing.
func TestWritesCarryTheClaim(t *testing.T) {
	w := newWorld(t)
	guild, channel, _ := w.harbor()
	id, err := strconv.ParseUint(guild, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	claim, err := w.server.cfg.Store.ClaimGuild(t.Context(), &wire.ClaimGuildRequest{GuildId: id})
	if err != nil {
		t.Fatal(err)
	}
	epoch, asked, stales := claim.GetEpoch(), 0, 0
	w.server.cfg.Epoch = func(of uint64) uint64 {
		if asked++; of != id {
			t.Errorf("epoch: asked for guild %d, want %d", of, id)
		}
		return epoch
	}
	w.server.cfg.Stale = func(uint64) { stales++ } // and nobody hears of a newer one
	messages := "/api/v10/channels/" + channel + "/messages"
	write := func() {
		t.Helper()
		said := text(w.must(0, "POST", messages, `{"content":"x"}`)["id"])
		w.must(0, "PATCH", messages+"/"+said, `{"content":"y"}`)
		w.must(0, "DELETE", messages+"/"+said, "")
		w.must(0, "POST", "/api/v10/guilds/"+guild+"/channels", `{"name":"help"}`)
		me := text(w.must(1, "GET", "/api/v10/users/@me", "")["id"])
		w.must(0, "PUT", "/api/v10/guilds/"+guild+"/members/"+me, `{}`)
	}
	if write(); asked != 5 || stales != 0 {
		t.Errorf("with the newest claim: asked %d times, %d stale, want 5 and 0", asked, stales)
	}
	if _, err := w.server.cfg.Store.ClaimGuild(t.Context(), &wire.ClaimGuildRequest{GuildId: id}); err != nil {
		t.Fatal(err)
	}
	if write(); stales != 5 {
		t.Errorf("with a claim of before: %d writes were refused at first, want all 5", stales)
	}
}

func TestKnownChannelsAreBounded(t *testing.T) {
	g := newGuilds()
	for channel := range uint64(maxKnownChannels + 10) {
		g.learn(channel, channel+1)
	}
	g.learn(maxKnownChannels+9, 7) // no room is needed for what is known
	if n := len(g.byChannel); n != maxKnownChannels {
		t.Errorf("channels: got %d, want %d", n, maxKnownChannels)
	}
	if got := g.of(maxKnownChannels + 9); got != 7 {
		t.Errorf("the last one: got guild %d, want 7", got)
	}
}
