package api

import (
	"context"
	"testing"

	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/store"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

const (
	serving    = healthpb.HealthCheckResponse_SERVING
	notServing = healthpb.HealthCheckResponse_NOT_SERVING
)

func healthOf(t *testing.T, n *Node) healthpb.HealthClient {
	t.Helper()
	conn, err := wire.Dial(n.cfg.Listener.Addr().String(), nil)
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return healthpb.NewHealthClient(conn)
}

// The health service follows the store, and says that a node drains before it goes.
func TestHealth(t *testing.T) {
	folder := t.TempDir()
	run := func(address string) (string, func() error) {
		listener := listen(t, address)
		return listener.Addr().String(), background(t, func(ctx context.Context) error {
			return store.Run(ctx, store.Config{Listener: listener, DataDir: folder, Users: 1})
		})
	}
	address := unused(t)
	n, client, stop := startNode(t, Config{Store: address})
	health := healthOf(t, n)
	is := func(service string) healthpb.HealthCheckResponse_ServingStatus {
		reply, err := health.Check(within(t), &healthpb.HealthCheckRequest{Service: service})
		if err != nil {
			t.Fatalf("check %q: got %v", service, err)
		}
		return reply.GetStatus()
	}
	if got := is(""); got != notServing {
		t.Errorf("without a store: got %v, want %v", got, notServing)
	}
	watch, err := health.Watch(t.Context(), &healthpb.HealthCheckRequest{Service: "firebreak.chat.v1.Loader"})
	if err != nil {
		t.Fatal(err)
	}
	next := func(want healthpb.HealthCheckResponse_ServingStatus) {
		t.Helper()
		reply, err := watch.Recv()
		if err != nil || reply.GetStatus() != want {
			t.Errorf("watch: got %v, %v, want %v", reply.GetStatus(), err, want)
		}
	}
	next(notServing)
	_, stopStore := run(address)
	next(serving)
	if err := stopStore(); err != nil {
		t.Fatal(err)
	}
	next(notServing)
	run(address)
	next(serving)
	n.Drain()
	next(notServing)
	if err := n.Ready(); err == nil || is("") != notServing {
		t.Errorf("draining: got ready %v, want that it drains", err)
	}
	if _, err := loadUser(t, client, store.Token(0, 0)); err != nil {
		t.Errorf("a call while it drains: got %v, want it answered", err)
	}
	if err := stop(); err != nil {
		t.Errorf("stop with a watch: got %v, want nil", err)
	}
	if _, err := watch.Recv(); status.Code(err) != codes.Canceled {
		t.Errorf("watch of a node that is gone: got %v, want its end, not a cut", err)
	}
}

// A node with no worker left still says how it is.
func TestHealthNeedsNoWorker(t *testing.T) {
	h := newHeld()
	address, _ := startStore(t, h.store())
	n, client, _ := startNode(t, Config{Store: address, Workers: 1, CallTimeout: patience})
	ended := make(chan struct{})
	go func() { defer close(ended); _, _ = loadUser(t, client, "x") }()
	receive(t, "the call at the store", h.entered)
	eventually(t, "healthy while busy", func() bool {
		reply, err := healthOf(t, n).Check(within(t), &healthpb.HealthCheckRequest{})
		return err == nil && reply.GetStatus() == serving
	})
	close(h.release)
	receive(t, "the call", ended)
	if got := n.Load().Lanes; got["users"].Served != 1 || got["guilds"].Served != 0 {
		t.Errorf("load: got %+v, want no worker for the questions", got)
	}
}

func TestHealthWatchesAreBounded(t *testing.T) {
	n, _, _ := startNode(t, Config{Store: unused(t)})
	health := healthOf(t, n)
	watch := func() error {
		w, err := health.Watch(t.Context(), &healthpb.HealthCheckRequest{})
		if err == nil {
			_, err = w.Recv()
		}
		return err
	}
	for range maxHealthWatches {
		if err := watch(); err != nil {
			t.Fatalf("watch: got %v", err)
		}
	}
	if err := watch(); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("one watch too many: got %v, want %v", err, codes.ResourceExhausted)
	}
}
