package api

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/store"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

func loadUser(t *testing.T, client wire.LoaderClient, token string) (*wire.User, error) {
	t.Helper()
	reply, err := client.LoadUser(within(t), &wire.LoadUserRequest{Token: token})
	return reply.GetUser(), err
}

func TestNodeAnswersFromTheStore(t *testing.T) {
	listener := listen(t, "127.0.0.1:0")
	background(t, func(ctx context.Context) error {
		return store.Run(ctx, store.Config{Listener: listener, DataDir: t.TempDir(), Users: 12, Guilds: 3, Seed: 5})
	})
	_, client, _ := startNode(t, Config{Store: listener.Addr().String()})
	user, err := loadUser(t, client, store.Token(5, 7))
	if err != nil || !strings.HasSuffix(user.GetUsername(), "_7") {
		t.Fatalf("user 7: got %v, %v, want a name that ends in _7", user, err)
	}
	reply, err := client.LoadGuild(within(t), &wire.LoadGuildRequest{GuildId: user.GetGuildIds()[0]})
	if got := reply.GetGuild(); err != nil || got.GetId() != user.GetGuildIds()[0] || len(got.GetMembers()) < 4 || len(got.GetChannels()) == 0 {
		t.Errorf("the guild of user 7: got %v, %v, want 4 members at least and channels", got, err)
	}
	guildCode := func(id uint64) codes.Code {
		_, err := client.LoadGuild(within(t), &wire.LoadGuildRequest{GuildId: id})
		return status.Code(err)
	}
	userCode := func(token string) codes.Code {
		_, err := loadUser(t, client, token)
		return status.Code(err)
	}
	for _, row := range []struct {
		name      string
		got, want codes.Code
	}{
		{"unknown token", userCode(store.Token(5, 12)), codes.Unauthenticated},
		{"empty token", userCode(""), codes.Unauthenticated},
		{"unknown guild", guildCode(1), codes.NotFound},
		{"guild 0", guildCode(0), codes.InvalidArgument},
	} {
		if row.got != row.want {
			t.Errorf("%s: got %v, want %v", row.name, row.got, row.want)
		}
	}
}

func TestStoreAwayFailsCallsAtOnce(t *testing.T) {
	n, client, _ := startNode(t, Config{Store: unused(t), CallTimeout: patience})
	began := time.Now()
	_, err := loadUser(t, client, "x")
	if got := status.Code(err); got != codes.Unavailable {
		t.Errorf("call without a store: got %v, want %v", err, codes.Unavailable)
	}
	if took := time.Since(began); took > patience/4 {
		t.Errorf("call without a store: took %v, want it refused at once", took)
	}
	eventually(t, "readiness names the store", func() bool {
		err := n.Ready()
		return err != nil && strings.Contains(err.Error(), "store") && strings.Contains(err.Error(), "refused")
	})
}

func TestStoreThatHangsIsUnavailable(t *testing.T) {
	address, _ := startStore(t, &fakeStore{user: func(ctx context.Context) (*wire.GetUserReply, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}})
	_, client, _ := startNode(t, Config{Store: address, CallTimeout: 20 * time.Millisecond})
	began := time.Now()
	if _, err := loadUser(t, client, "x"); status.Code(err) != codes.Unavailable {
		t.Errorf("call on a store that hangs: got %v, want %v", err, codes.Unavailable)
	}
	if took := time.Since(began); took > patience/4 {
		t.Errorf("call on a store that hangs: took %v, want the 20ms of the node", took)
	}
}

func TestStoreAnswersArePassedOn(t *testing.T) {
	for _, row := range []struct{ store, want codes.Code }{
		{codes.Unauthenticated, codes.Unauthenticated},
		{codes.NotFound, codes.NotFound},
		{codes.InvalidArgument, codes.InvalidArgument},
		{codes.ResourceExhausted, codes.ResourceExhausted},
		{codes.DataLoss, codes.DataLoss},
		{codes.Unavailable, codes.Unavailable},
		{codes.DeadlineExceeded, codes.Unavailable},
		{codes.Canceled, codes.Unavailable},
	} {
		address, _ := startStore(t, &fakeStore{user: func(context.Context) (*wire.GetUserReply, error) {
			return nil, status.Error(row.store, "as told")
		}})
		_, client, _ := startNode(t, Config{Store: address})
		if _, err := loadUser(t, client, "x"); status.Code(err) != row.want {
			t.Errorf("store says %v: got %v, want %v", row.store, err, row.want)
		}
	}
}

func TestNodeSheds(t *testing.T) {
	const workers = 2
	entered, release := make(chan struct{}, workers), make(chan struct{})
	address, _ := startStore(t, &fakeStore{user: func(context.Context) (*wire.GetUserReply, error) {
		entered <- struct{}{}
		<-release
		return &wire.GetUserReply{User: &wire.User{Id: 1}}, nil
	}})
	n, client, _ := startNode(t, Config{Store: address, Workers: workers, CallTimeout: patience})
	results := make(chan error, workers)
	for range workers {
		go func() {
			_, err := loadUser(t, client, "x")
			results <- err
		}()
	}
	for range workers {
		receive(t, "a call that reaches the store", entered)
	}
	if _, err := loadUser(t, client, "x"); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("call beyond the workers: got %v, want %v", err, codes.ResourceExhausted)
	}
	close(release)
	for range workers {
		if err := receive(t, "an admitted call", results); err != nil {
			t.Errorf("admitted call: got %v, want nil", err)
		}
	}
	if got := n.Load().Lanes["users"]; got.Served != workers || got.Refused != 1 || got.Limit != workers {
		t.Errorf("load: got %+v, want %d served, 1 refused, a limit of %d", got, workers, workers)
	}
}

// A store that goes and comes back is one line each, and readiness follows.
func TestNodeFollowsItsStore(t *testing.T) {
	log, folder := &syncBuffer{}, t.TempDir()
	run := func(address string) (string, func() error) {
		listener := listen(t, address)
		return listener.Addr().String(), background(t, func(ctx context.Context) error {
			return store.Run(ctx, store.Config{Listener: listener, DataDir: folder, Users: 1})
		})
	}
	address, stopStore := run("127.0.0.1:0")
	n, client, stop := startNode(t, Config{Store: address, Log: zerolog.New(log)})
	ready := func() bool { return n.Ready() == nil }
	eventually(t, "ready with its store", ready)
	if err := stopStore(); err != nil {
		t.Fatalf("stop the store: %v", err)
	}
	eventually(t, "not ready without its store", func() bool { return !ready() })
	if _, err := loadUser(t, client, store.Token(0, 0)); status.Code(err) != codes.Unavailable {
		t.Errorf("call without the store: got %v, want %v", err, codes.Unavailable)
	}
	run(address)
	eventually(t, "ready again", ready)
	if _, err := loadUser(t, client, store.Token(0, 0)); err != nil {
		t.Errorf("call with the store back: got %v, want nil", err)
	}
	if err := stop(); err != nil {
		t.Fatalf("stop the node: %v", err)
	}
	text := log.String()
	if answers, away := strings.Count(text, "store answers"), strings.Count(text, "store is away"); answers != 2 || away != 1 {
		t.Errorf("log: got %d lines that it answers and %d that it is away, want 2 and 1:\n%s", answers, away, text)
	}
}

func TestNodeStopsAfterItsCalls(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	address, _ := startStore(t, &fakeStore{user: func(context.Context) (*wire.GetUserReply, error) {
		close(entered)
		<-release
		return &wire.GetUserReply{User: &wire.User{Id: 1}}, nil
	}})
	n, client, stop := startNode(t, Config{Store: address, CallTimeout: patience})
	result := make(chan error, 1)
	go func() {
		_, err := loadUser(t, client, "x")
		result <- err
	}()
	receive(t, "the call at the store", entered)
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	eventually(t, "the listener closes", func() bool {
		conn, err := net.Dial("tcp", n.cfg.Listener.Addr().String())
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	})
	close(release)
	if err := receive(t, "the running call", result); err != nil {
		t.Errorf("running call: got %v, want nil", err)
	}
	if err := receive(t, "the node's end", stopped); err != nil {
		t.Errorf("Serve: got %v, want nil", err)
	}
	if err := n.Ready(); err == nil || !strings.Contains(err.Error(), "stopped") {
		t.Errorf("after Serve: got %v, want an error with %q", err, "stopped")
	}
}

func TestConfigValidate(t *testing.T) {
	good := Config{Listener: listen(t, "127.0.0.1:0"), Store: "127.0.0.1:7100"}
	t.Cleanup(func() { _ = good.Listener.Close() })
	for _, row := range []struct {
		name   string
		change func(*Config)
		want   string // in the error; empty: none
	}{
		{"least", func(*Config) {}, ""},
		{"most workers", func(c *Config) { c.Workers = MaxWorkers }, ""},
		{"IPv6 store", func(c *Config) { c.Store = "[::1]:7100" }, ""},
		{"named store", func(c *Config) { c.Store = "store.internal:7100" }, ""},
		{"no listener", func(c *Config) { c.Listener = nil }, "no listener"},
		{"no store", func(c *Config) { c.Store = "" }, `store address ""`},
		{"store without a port", func(c *Config) { c.Store = "localhost" }, `"localhost"`},
		{"store without a host", func(c *Config) { c.Store = ":7100" }, `":7100"`},
		{"store at port 0", func(c *Config) { c.Store = "a:0" }, `"a:0"`},
		{"store at port 65536", func(c *Config) { c.Store = "a:65536" }, `"a:65536"`},
		{"store by URL", func(c *Config) { c.Store = "http://a:1" }, `"http://a:1"`},
		{"too few workers", func(c *Config) { c.Workers = -1 }, "-1 workers"},
		{"too many workers", func(c *Config) { c.Workers = MaxWorkers + 1 }, "10001 workers"},
		{"negative timeout", func(c *Config) { c.CallTimeout = -1 }, "-1ns"},
	} {
		cfg := good
		row.change(&cfg)
		n, err := New(cfg)
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want an error with %q", row.name, err, row.want)
		}
		if err != nil {
			continue
		}
		if err := n.Ready(); err == nil || !strings.Contains(err.Error(), "not started") {
			t.Errorf("%s: before Serve: got %v, want an error with %q", row.name, err, "not started")
		}
	}
}
