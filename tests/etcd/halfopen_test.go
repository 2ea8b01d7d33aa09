package etcd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/etcdv2"
)

// relay carries connections to an etcd until it is told to swallow: what comes
// after that goes nowhere, and neither side hears of it, as behind a cable that was
// cut or a firewall that has forgotten.
type relay struct {
	addr     string
	answers  atomic.Int64 // of etcd's, of which the head was passed on
	deaf     atomic.Bool  // also new connections are taken and swallowed
	mu       sync.Mutex
	swallows []*atomic.Bool // of each connection
}

func newRelay(t *testing.T, target string) *relay {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{addr: l.Addr().String()}
	var running sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() { r.carry(ctx, c, target) })
		}
	})
	t.Cleanup(func() { cancel(); _ = l.Close(); running.Wait() })
	return r
}

// carry serves one connection until one side ends it or the test does.
func (r *relay) carry(ctx context.Context, client net.Conn, target string) {
	etcd, err := (&net.Dialer{}).DialContext(ctx, "tcp", target)
	if err != nil {
		_ = client.Close()
		return
	}
	stop := context.AfterFunc(ctx, func() { _ = client.Close(); _ = etcd.Close() })
	defer stop()
	swallows := &atomic.Bool{}
	swallows.Store(r.deaf.Load())
	r.mu.Lock()
	r.swallows = append(r.swallows, swallows)
	r.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { pass(etcd, client, swallows, func([]byte) {}) })
	both.Go(func() { pass(client, etcd, swallows, r.count) })
	both.Wait()
	_, _ = client.Close(), etcd.Close()
}

func (r *relay) count(passed []byte) {
	if bytes.HasPrefix(passed, []byte("HTTP/1.1 ")) {
		r.answers.Add(1)
	}
}

// pass copies one direction. An end is swallowed like everything else.
func pass(to, from net.Conn, swallows *atomic.Bool, passed func([]byte)) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			if !swallows.Load() {
				_ = to.Close()
			}
			return
		}
		if swallows.Load() {
			continue
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
		passed(buffer[:n])
	}
}

// swallow begins to: on all connections that there are, and on new ones if it says so.
func (r *relay) swallow(alsoNew bool) {
	r.deaf.Store(alsoNew)
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.swallows {
		s.Store(true)
	}
}

func (r *relay) url() string { return "http://" + r.addr }

// The peer of a watch vanishes without a word, on the way by which all calls went
// until then. What is written afterwards comes by another way, long before the next
// listing where the watch has the shorter limit, and with that listing where not.
func TestHalfOpenWatch(t *testing.T) {
	s := start(t, "plain")
	go s.forget(t.Context())
	for i, row := range []struct {
		name    string
		wait    time.Duration
		resync  time.Duration
		alsoNew bool
	}{
		{"the watch's own limit, new connections pass", time.Second, time.Hour, false},
		{"the watch's own limit, new connections are swallowed", time.Second, time.Hour, true},
		{"the next listing, new connections pass", etcdv2.MaxWait, 2 * time.Second, false},
		{"the next listing, new connections are swallowed", etcdv2.MaxWait, 2 * time.Second, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := newRelay(t, s.addr)
			service := fmt.Sprintf("half%d", i)
			runtime := r.follow(t, s, service, row.wait, row.resync)
			r.await(t, "head of the watch, after the first call and the listing", 3)
			r.swallow(row.alsoNew)
			value, err := registry.Encode(registry.Instance{Service: service, ID: "a", Host: "10.0.0.7", Port: 4000})
			if err != nil {
				t.Fatal(err)
			}
			_, err = connect(t, s, 0).Create(t.Context(), "/services/"+service+"/a", value, time.Hour)
			expectError(t, "create", err, nil)
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			if err := runtime.WaitReady(ctx, service, 1); err != nil {
				t.Errorf("WaitReady: got %v, want the record that was written", err)
			}
		})
	}
}

// await waits for that many answers to have begun.
func (r *relay) await(t *testing.T, what string, answers int64) {
	t.Helper()
	eventually(t, what, func() error {
		if n := r.answers.Load(); n < answers {
			return fmt.Errorf("%d answers", n)
		}
		return nil
	})
}

// follow starts a runtime whose calls go by the relay first. The first of them was
// made already.
func (r *relay) follow(t *testing.T, s *server, service string, wait, resync time.Duration) *actors.Runtime {
	t.Helper()
	for {
		source, err := etcdv2.New(etcdv2.Config{Endpoints: []string{r.url(), s.url()}, Wait: wait, Timeout: callLimit})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(source.Close)
		if _, err := source.Get(t.Context(), "/nothing"); !errors.Is(err, registry.ErrNotFound) {
			t.Fatalf("get: got %v, want %v", err, registry.ErrNotFound)
		}
		if r.answers.Load() == 0 {
			continue // chance has begun with the other endpoint
		}
		return startRuntime(t, actors.Config{
			Source: source, Cursor: registry.CursorConfig{Resync: resync},
		}, func(r *actors.Runtime) error { return r.Watch(service) })
	}
}

// A watch that heard etcd's head and then nothing keeps its endpoint. The connections
// that lie idle may have lost their peer with it: the next watch has a fresh one.
func TestNoIdleConnectionAfterSilence(t *testing.T) {
	s := start(t, "plain")
	go s.forget(t.Context())
	relay := newRelay(t, s.addr)
	r, err := etcdv2.New(etcdv2.Config{Endpoints: []string{relay.url()}, Wait: 2 * time.Second, Timeout: limit})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	var idle sync.WaitGroup
	for range 8 {
		idle.Go(func() { _, _ = r.List(t.Context(), directory) })
	}
	idle.Wait()
	l, err := r.List(t.Context(), directory)
	expectError(t, "list", err, nil)
	before, quiet := relay.answers.Load(), make(chan error, 1)
	go func() {
		_, err := r.Next(t.Context(), directory, l.Index)
		quiet <- err
	}()
	relay.await(t, "head of the watch", before+1)
	relay.swallow(false)
	_, err = connect(t, s, 0).Create(t.Context(), apiOne, "x", time.Minute)
	expectError(t, "create", err, nil)
	expectError(t, "watch whose peer vanished", <-quiet, registry.ErrQuiet)
	if c, err := r.Next(t.Context(), directory, l.Index); err != nil || c.Entry.Key != apiOne {
		t.Errorf("watch after that: got %+v and error %v, want the change of %s", c, err, apiOne)
	}
}
