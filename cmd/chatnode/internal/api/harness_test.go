package api

import (
	"bytes"
	"context"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
	"github.com/firebreak-go/firebreak/registry"
)

// patience bounds every wait of these tests; none of them gets near it.
const patience = 20 * time.Second

func listen(t *testing.T, address string) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatalf("listen on %s: %v", address, err)
	}
	return listener
}

// unused returns an address on which nobody listens.
func unused(t *testing.T) string {
	t.Helper()
	listener := listen(t, "127.0.0.1:0")
	_ = listener.Close()
	return listener.Addr().String()
}

func receive[T any](t *testing.T, what string, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatalf("%s: nothing after %v", what, patience)
		panic("unreachable")
	}
}

// eventually polls until the condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !holds(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not so after %v", what, patience)
		}
	}
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// background runs serve until the test ends or stop is called.
func background(t *testing.T, serve func(context.Context) error) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx); close(ended) }()
	stop = func() error {
		cancel()
		return receive(t, "the end of a server", ended)
	}
	t.Cleanup(func() { _ = stop() })
	return stop
}

// fakeStore answers as the test says; everything else, Stats too, with UNIMPLEMENTED.
type fakeStore struct {
	wire.UnimplementedStoreServer

	user  func(ctx context.Context) (*wire.GetUserReply, error)
	stats func(ctx context.Context) (*wire.StatsReply, error)
}

func (s *fakeStore) GetUserByToken(ctx context.Context, _ *wire.GetUserByTokenRequest) (*wire.GetUserReply, error) {
	return s.user(ctx)
}

func (s *fakeStore) Stats(ctx context.Context, req *wire.StatsRequest) (*wire.StatsReply, error) {
	if s.stats == nil {
		return s.UnimplementedStoreServer.Stats(ctx, req)
	}
	return s.stats(ctx)
}

func startStore(t *testing.T, s *fakeStore) (address string, stop func() error) {
	t.Helper()
	listener := listen(t, "127.0.0.1:0")
	server := wire.NewServer(wire.ServerConfig{Grace: time.Millisecond, Deadline: patience})
	wire.RegisterStoreServer(server, s)
	return listener.Addr().String(), background(t, func(ctx context.Context) error { return server.Serve(ctx, listener) })
}

// startNode serves a node until the test ends, and returns a client of it.
func startNode(t *testing.T, cfg Config) (*Node, wire.LoaderClient, func() error) {
	t.Helper()
	cfg.Listener = listen(t, "127.0.0.1:0")
	n, err := New(cfg)
	if err != nil {
		t.Fatalf("new: %v", err)
	}
	stop := background(t, n.Serve)
	conn, err := wire.Dial(cfg.Listener.Addr().String(), nil)
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return n, wire.NewLoaderClient(conn), stop
}

// fakeAPI is an instance that answers as the test says, and counts.
type fakeAPI struct {
	wire.UnimplementedLoaderServer

	answer func(ctx context.Context) (*wire.User, error)
	calls  atomic.Int64
}

func (a *fakeAPI) LoadUser(ctx context.Context, _ *wire.LoadUserRequest) (*wire.LoadUserReply, error) {
	a.calls.Add(1)
	user, err := a.answer(ctx)
	return &wire.LoadUserReply{User: user}, err
}

// startAPI starts an instance and returns its record.
func startAPI(t *testing.T, id string, a *fakeAPI) (registry.Instance, func() error) {
	t.Helper()
	listener := listen(t, "127.0.0.1:0")
	server := wire.NewServer(wire.ServerConfig{Grace: patience, Deadline: patience})
	wire.RegisterLoaderServer(server, a)
	stop := background(t, func(ctx context.Context) error { return server.Serve(ctx, listener) })
	return instance(t, id, listener.Addr().String()), stop
}

func instance(t *testing.T, id, address string) registry.Instance {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatalf("address %q: %v", address, err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatalf("address %q: %v", address, err)
	}
	return registry.Instance{Version: 1, Service: "api", ID: id, Host: host, Port: n, State: registry.StateUp}
}

// named answers with a user of the name.
func named(name string) *fakeAPI {
	return &fakeAPI{answer: func(context.Context) (*wire.User, error) {
		return &wire.User{Id: 1, Username: name}, nil
	}}
}

// failing answers with an error.
func failing(err error) *fakeAPI {
	return &fakeAPI{answer: func(context.Context) (*wire.User, error) { return nil, err }}
}

// directory is a registry in the test's hands.
type directory struct {
	now atomic.Pointer[registry.Snapshot]
}

func (d *directory) set(instances ...registry.Instance) {
	s := &registry.Snapshot{Directory: "/services/api/"}
	var rows []registry.Row
	for _, in := range instances {
		rows = append(rows, registry.Row{Key: s.Directory + in.ID, Instance: in})
	}
	s.Rows = registry.NewRows(rows) // in the order of the test's: nobody looks a key up
	d.now.Store(s)
}

// newPool makes a pool over a directory; it draws the first of those left unless
// the options say otherwise.
func newPool(t *testing.T, opts Options, instances ...registry.Instance) (*Pool, *directory) {
	t.Helper()
	d := &directory{}
	d.set(instances...)
	if opts.Draw == nil {
		opts.Draw = func(int) int { return 0 }
	}
	p := NewPool(d.now.Load, opts)
	t.Cleanup(p.Close)
	return p, d
}

// syncBuffer is a log that several goroutines write.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
