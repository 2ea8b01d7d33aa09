package grpcresolver_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/resolver"

	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/grpcresolver"
)

// patience bounds a test that fails; one that passes waits for events only.
const patience = 20 * time.Second

// server is a real gRPC server on loopback, whose answers say which one it is.
type server struct {
	*grpc.Server
	id       string
	address  *net.TCPAddr
	accepted atomic.Int32
	ended    chan struct{}
}

func serve(t *testing.T, id, address string) *server {
	t.Helper()
	var listening net.ListenConfig
	listener, err := listening.Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatalf("listen: got %v, want no error", err)
	}
	s := &server{id: id, ended: make(chan struct{})}
	s.address, _ = listener.Addr().(*net.TCPAddr)
	s.Server = grpc.NewServer(grpc.UnaryInterceptor(func(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		_ = grpc.SetHeader(ctx, metadata.Pairs("server", id))
		return handler(ctx, request)
	}))
	grpc_health_v1.RegisterHealthServer(s, health.NewServer())
	go func() {
		defer close(s.ended)
		_ = s.Serve(counting{listener, &s.accepted})
	}()
	t.Cleanup(s.stop)
	return s
}

func (s *server) stop() {
	s.Stop()
	<-s.ended
}

func (s *server) row() registry.Row {
	return registry.Row{
		Key: "/services/api/" + s.id, Status: registry.StatusLive,
		Instance: registry.Instance{Service: "api", ID: s.id, Host: "127.0.0.1", Port: s.address.Port, Weight: 100, Zone: "a"},
	}
}

type counting struct {
	net.Listener
	accepted *atomic.Int32
}

func (l counting) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		l.accepted.Add(1)
	}
	return conn, err
}

var errStopped = errors.New("the view has stopped")

// view is a directory that says what the test wants.
type view struct {
	mu        sync.Mutex
	snapshot  *registry.Snapshot
	stopped   bool
	changed   chan struct{}
	following int
	handed    int
}

func newView() *view { return &view{changed: make(chan struct{})} }

func (v *view) show(rows ...registry.Row) {
	slices.SortFunc(rows, func(a, b registry.Row) int { return strings.Compare(a.Key, b.Key) })
	v.change(func() { v.snapshot = &registry.Snapshot{Rows: registry.NewRows(rows)} })
}

func (v *view) stop() { v.change(func() { v.stopped = true }) }

func (v *view) change(change func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	change()
	close(v.changed)
	v.changed = make(chan struct{})
}

func (v *view) Snapshot(string) *registry.Snapshot {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.snapshot
}

func (v *view) Next(ctx context.Context, service string, after *registry.Snapshot) (*registry.Snapshot, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.following++
	defer func() { v.following-- }()
	for {
		switch {
		case v.stopped || service != "api":
			return nil, errStopped
		case v.snapshot != nil && v.snapshot != after:
			v.handed++
			return v.snapshot, nil
		}
		changed := v.changed
		v.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
		v.mu.Lock()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
}

// client is a connection to a view's service.
type client struct {
	*grpc.ClientConn
	health grpc_health_v1.HealthClient
}

func dial(t *testing.T, v grpcresolver.View, target string, options ...grpc.DialOption) *client {
	t.Helper()
	builder, err := grpcresolver.New(v, grpcresolver.Config{})
	if err != nil {
		t.Fatalf("New: got %v, want no error", err)
	}
	return dialWith(t, builder, target, options...)
}

func dialWith(t *testing.T, builder resolver.Builder, target string, options ...grpc.DialOption) *client {
	t.Helper()
	conn, err := grpc.NewClient(target, append([]grpc.DialOption{
		grpc.WithResolvers(builder), grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithNoProxy(),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff: backoff.Config{BaseDelay: 10 * time.Millisecond, Multiplier: 1, MaxDelay: 10 * time.Millisecond}, MinConnectTimeout: time.Second,
		}),
	}, options...)...)
	if err != nil {
		t.Fatalf("NewClient: got %v, want no error", err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &client{conn, grpc_health_v1.NewHealthClient(conn)}
}

// call returns who answered.
func (c *client) call(t *testing.T, options ...grpc.CallOption) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var header metadata.MD
	_, err := c.health.Check(ctx, &grpc_health_v1.HealthCheckRequest{}, append(options, grpc.Header(&header))...)
	return strings.Join(header.Get("server"), " "), err
}

// until calls until so many answers in a row are from these servers, from each of
// them.
func (c *client) until(t *testing.T, when string, servers ...string) {
	t.Helper()
	begin := time.Now()
	for time.Since(begin) < patience {
		seen := map[string]bool{}
		for range 20 {
			who, err := c.call(t, grpc.WaitForReady(true))
			if err != nil || !slices.Contains(servers, who) {
				clear(seen)
				break
			}
			seen[who] = true
		}
		if len(seen) == len(servers) {
			return
		}
	}
	t.Fatalf("%s: got no twenty answers in a row from %v", when, servers)
}
