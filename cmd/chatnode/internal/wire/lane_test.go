package wire_test

import (
	"context"
	"sync"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// Who fills one lane keeps nobody from the other, in either direction.
func TestLanesTakeNothingFromEachOther(t *testing.T) {
	const users, guilds = 2, 3
	entered, release := make(chan string, users+guilds), make(chan struct{})
	hold := func(who string) {
		entered <- who
		<-release
	}
	r := serveLoader(t, wire.ServerConfig{
		InFlight: users,
		Lanes:    []wire.Lane{{Name: "guilds", InFlight: guilds, Methods: []string{wire.Loader_LoadGuild_FullMethodName}}},
	}, &loader{
		user: func(context.Context, string) (*wire.LoadUserReply, error) {
			hold("user")
			return &wire.LoadUserReply{}, nil
		},
		guild: func(context.Context) (*wire.LoadGuildReply, error) {
			hold("guild")
			return &wire.LoadGuildReply{}, nil
		},
	})
	loadGuild := func() codes.Code {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		_, err := r.client.LoadGuild(ctx, &wire.LoadGuildRequest{})
		return status.Code(err)
	}
	loadUser := func() codes.Code { return r.load(t.Context(), "x") }

	var calls sync.WaitGroup
	results := make(chan codes.Code, users+guilds)
	fill := func(count int, who string, call func() codes.Code) {
		for range count {
			calls.Go(func() { results <- call() })
			if got := receive(t, "a worker", entered); got != who {
				t.Errorf("worker: got a %s, want a %s", got, who)
			}
		}
	}
	fill(guilds, "guild", loadGuild)
	if got := loadGuild(); got != codes.ResourceExhausted {
		t.Errorf("one guild too many: got %v, want %v", got, codes.ResourceExhausted)
	}
	fill(users, "user", loadUser) // all of them find a worker
	if got := loadUser(); got != codes.ResourceExhausted {
		t.Errorf("one user too many: got %v, want %v", got, codes.ResourceExhausted)
	}
	load := r.server.Load()
	want := []wire.LaneLoad{{InFlight: users, Limit: users, Served: users, Shed: 1}, {Name: "guilds", InFlight: guilds, Limit: guilds, Served: guilds, Shed: 1}}
	if len(load.Lanes) != len(want) || load.Lanes[0] != want[0] || load.Lanes[1] != want[1] {
		t.Errorf("lanes: got %+v, want %+v", load.Lanes, want)
	}
	if load.InFlight != users+guilds || load.Limit != users+guilds || load.Served != users+guilds || load.Shed != 2 {
		t.Errorf("load: got %+v, want the sums of its lanes", load)
	}
	close(release)
	calls.Wait()
	for range users + guilds {
		if got := <-results; got != codes.OK {
			t.Errorf("admitted call: got %v, want %v", got, codes.OK)
		}
	}
}

// A lane without a number has that of the server.
func TestLaneWithoutANumber(t *testing.T) {
	server := wire.NewServer(wire.ServerConfig{InFlight: 7, Lanes: []wire.Lane{{Name: "one"}, {Name: "two", InFlight: 2}}})
	if got := server.Load(); got.Lanes[1].Limit != 7 || got.Lanes[2].Limit != 2 || got.Limit != 16 {
		t.Errorf("limits: got %+v, want 7, 7 and 2", got)
	}
}
