package store

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// patience bounds every wait of these tests; none of them gets near it.
const patience = 20 * time.Second

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	return listener
}

// start runs a store until the test ends, and returns it and a client.
func start(t *testing.T, cfg Config) (*Server, wire.StoreClient, func() error) {
	t.Helper()
	cfg.Listener = listen(t)
	s, err := New(cfg)
	if err != nil {
		t.Fatalf("new: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx); close(ended) }()
	stop := func() error {
		cancel()
		select {
		case err := <-ended:
			return err
		case <-time.After(patience):
			t.Fatalf("Serve: still there %v after its context ended", patience)
			return nil
		}
	}
	t.Cleanup(func() { _ = stop() })
	conn, err := wire.Dial(cfg.Listener.Addr().String(), nil)
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return s, wire.NewStoreClient(conn), stop
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

func TestServerAnswers(t *testing.T) {
	_, client, _ := start(t, Config{DataDir: t.TempDir(), Users: 40, Guilds: 4, Seed: 9})
	byToken, err := client.GetUserByToken(within(t), &wire.GetUserByTokenRequest{Token: Token(9, 11)})
	if err != nil {
		t.Fatalf("user 11 by token: %v", err)
	}
	byID, err := client.GetUser(within(t), &wire.GetUserRequest{UserId: byToken.GetUser().GetId()})
	if err != nil {
		t.Fatalf("user 11 by id: %v", err)
	}
	if got, want := byID.GetUser().GetUsername(), byToken.GetUser().GetUsername(); got != want || !strings.HasSuffix(got, "_11") {
		t.Errorf("user 11: got %q by id and %q by token, want one name that ends in _11", got, want)
	}
	home := byToken.GetUser().GetGuildIds()[0]
	guild, err := client.GetGuild(within(t), &wire.GetGuildRequest{GuildId: home})
	if err != nil || guild.GetGuild().GetId() != home || len(guild.GetGuild().GetMembers()) < 10 {
		t.Errorf("the guild of user 11: got %v, %v, want %d with 10 members at least", guild, err, home)
	}
	stats, err := client.Stats(within(t), &wire.StatsRequest{})
	if err != nil || stats.GetUsers() != 40 || stats.GetGuilds() != 4 || stats.GetSizeBytes() == 0 {
		t.Errorf("stats: got %v, %v, want 40 users, 4 guilds and a size", stats, err)
	}
}

func TestServerRefusals(t *testing.T) {
	_, client, _ := start(t, Config{DataDir: t.TempDir(), Users: 2, Seed: 9})
	byToken := func(token string) error {
		_, err := client.GetUserByToken(within(t), &wire.GetUserByTokenRequest{Token: token})
		return err
	}
	byID := func(id uint64) error {
		_, err := client.GetUser(within(t), &wire.GetUserRequest{UserId: id})
		return err
	}
	guild := func(id uint64) error {
		_, err := client.GetGuild(within(t), &wire.GetGuildRequest{GuildId: id})
		return err
	}
	for _, row := range []struct {
		name string
		err  error
		want codes.Code
	}{
		{"empty token", byToken(""), codes.Unauthenticated},
		{"unknown token", byToken(Token(9, 2)), codes.Unauthenticated},
		{"token of another seed", byToken(Token(8, 0)), codes.Unauthenticated},
		{"long token", byToken(strings.Repeat("x", 10_000)), codes.Unauthenticated},
		{"huge token", byToken(strings.Repeat("x", 100_000)), codes.ResourceExhausted},
		{"user 0", byID(0), codes.InvalidArgument},
		{"unknown user", byID(1), codes.NotFound},
		{"a guild's id as a user's", byID(seededID(kindGuild, 0, 0)), codes.NotFound},
		{"guild 0", guild(0), codes.InvalidArgument},
		{"unknown guild", guild(1), codes.NotFound},
		{"the greatest id", guild(1<<64 - 1), codes.NotFound},
	} {
		if got := status.Code(row.err); got != row.want {
			t.Errorf("%s: got %v, want %v", row.name, row.err, row.want)
		}
	}
}

func TestServerSaysWhenItServes(t *testing.T) {
	folder := t.TempDir()
	s, err := New(Config{Listener: listen(t), DataDir: folder})
	if err != nil {
		t.Fatalf("new: %v", err)
	}
	_ = s.cfg.Listener.Close()
	if err := s.Ready(); err == nil || !strings.Contains(err.Error(), "not started") {
		t.Errorf("before Serve: got %v, want an error with %q", err, "not started")
	}
	s, client, stop := start(t, Config{DataDir: folder})
	if _, err := client.Stats(within(t), &wire.StatsRequest{}); err != nil {
		t.Fatalf("stats: %v", err)
	}
	if _, err := client.GetUser(within(t), &wire.GetUserRequest{UserId: 1}); status.Code(err) != codes.NotFound {
		t.Fatalf("nobody: got %v, want %v", err, codes.NotFound)
	}
	if err := s.Ready(); err != nil {
		t.Errorf("while it answers: got %v, want nil", err)
	}
	if err := stop(); err != nil {
		t.Errorf("Serve: got %v, want nil", err)
	}
	if err := s.Ready(); err == nil || !strings.Contains(err.Error(), "stopped") {
		t.Errorf("after Serve: got %v, want an error with %q", err, "stopped")
	}
	if got := s.Load().Served; got != 1 {
		t.Errorf("calls served by a worker: got %d, want 1: the question whether it is there needs none", got)
	}
}

// A store that ends lets go of its folder and its port; the next one on the same
// folder serves the same.
func TestServerRestarts(t *testing.T) {
	folder := t.TempDir()
	for round := range 3 {
		_, client, stop := start(t, Config{DataDir: folder, Users: 5, Seed: 3})
		if _, err := client.GetUserByToken(within(t), &wire.GetUserByTokenRequest{Token: Token(3, 4)}); err != nil {
			t.Errorf("round %d: %v", round, err)
		}
		if err := stop(); err != nil {
			t.Errorf("round %d: Serve: got %v, want nil", round, err)
		}
	}
}

func TestServerClosesItsListenerWhenItFails(t *testing.T) {
	folder := t.TempDir()
	open(t, folder) // locked
	listener := listen(t)
	err := Run(t.Context(), Config{Listener: listener, DataDir: folder})
	if err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("Run on a locked folder: got %v, want an error with %q", err, "in use")
	}
	if conn, err := net.Dial("tcp", listener.Addr().String()); err == nil {
		_ = conn.Close()
		t.Errorf("listener of a store that failed: still open, want it closed")
	}
}

// Reading that never ends is reported, not waited for.
func TestClosingIsBounded(t *testing.T) {
	d := open(t, t.TempDir())
	tx, err := d.bolt.Begin(false)
	if err != nil {
		t.Fatalf("begin: %v", err)
	}
	defer func() { _ = tx.Rollback() }()
	if err := closeWithin(d, time.Millisecond); err == nil || !strings.Contains(err.Error(), "still being read") {
		t.Errorf("close while being read: got %v, want an error with %q", err, "still being read")
	}
}

func TestConfigValidate(t *testing.T) {
	good := Config{Listener: listen(t), DataDir: "x"}
	t.Cleanup(func() { _ = good.Listener.Close() })
	for _, row := range []struct {
		name   string
		change func(*Config)
		want   string // in the error; empty: none
	}{
		{"zero numbers", func(*Config) {}, ""},
		{"largest numbers", func(c *Config) { c.Users, c.Guilds, c.InFlight = MaxUsers, MaxUsers, MaxInFlight }, ""},
		{"no listener", func(c *Config) { c.Listener = nil }, "no listener"},
		{"no folder", func(c *Config) { c.DataDir = "" }, "--data-dir"},
		{"users below", func(c *Config) { c.Users = -1 }, "-1 users"},
		{"users above", func(c *Config) { c.Users = MaxUsers + 1 }, "200001 users"},
		{"guilds below", func(c *Config) { c.Guilds = -1 }, "-1 guilds"},
		{"guilds above", func(c *Config) { c.Guilds = MaxUsers + 1 }, "200001 guilds"},
		{"in flight below", func(c *Config) { c.InFlight = -1 }, "-1 calls"},
		{"in flight above", func(c *Config) { c.InFlight = MaxInFlight + 1 }, "10001 calls"},
	} {
		cfg := good
		row.change(&cfg)
		_, err := New(cfg)
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want an error with %q", row.name, err, row.want)
		}
	}
}
