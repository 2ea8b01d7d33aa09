package api

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
	"github.com/firebreak-go/firebreak/registry"
)

func TestPoolSpreadsItsCalls(t *testing.T) {
	a, b, c := named("a"), named("b"), named("c")
	ia, _ := startAPI(t, "a", a)
	ib, _ := startAPI(t, "b", b)
	ic, _ := startAPI(t, "c", c)
	var turn int
	p, _ := newPool(t, Options{Draw: func(n int) int { turn++; return turn % n }}, ia, ib, ic)
	for range 9 {
		if _, err := p.LoadUser(within(t), "x"); err != nil {
			t.Fatalf("load: %v", err)
		}
	}
	for name, instance := range map[string]*fakeAPI{"a": a, "b": b, "c": c} {
		if got := instance.calls.Load(); got != 3 {
			t.Errorf("instance %s: got %d of 9 calls, want 3", name, got)
		}
	}
	if got, want := p.Stats(), (PoolStats{Calls: 9, Tries: 9, Connections: 3}); got != want {
		t.Errorf("stats: got %+v, want %+v", got, want)
	}
}

// What one instance says decides whether another one is asked.
func TestPoolTriesAnother(t *testing.T) {
	for _, row := range []struct {
		name    string
		first   *fakeAPI
		another bool
		is      error // what the caller can branch on, when there is no other try
	}{
		{"away", failing(status.Error(codes.Unavailable, "")), true, nil},
		{"late", failing(status.Error(codes.DeadlineExceeded, "")), true, nil},
		{"full", failing(status.Error(codes.ResourceExhausted, "")), true, nil},
		{"stopping", failing(status.Error(codes.Canceled, "")), true, nil},
		{"another service", failing(status.Error(codes.Unimplemented, "")), true, nil},
		{"an empty answer", failing(nil), true, nil},
		{"no such token", failing(status.Error(codes.Unauthenticated, "")), false, ErrUnauthenticated},
		{"not found", failing(status.Error(codes.NotFound, "")), false, ErrNotFound},
		{"invalid", failing(status.Error(codes.InvalidArgument, "")), false, nil},
		{"a bug", failing(status.Error(codes.Internal, "")), false, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			first, _ := startAPI(t, "1", row.first)
			other := named("other")
			second, _ := startAPI(t, "2", other)
			p, _ := newPool(t, Options{}, first, second)
			user, err := p.LoadUser(within(t), "x")
			if got := row.first.calls.Load(); got != 1 {
				t.Errorf("first instance: got %d calls, want 1", got)
			}
			if row.another {
				if err != nil || user.GetUsername() != "other" {
					t.Errorf("load: got %v, %v, want the user from the other", user, err)
				}
				return
			}
			if err == nil || row.is != nil && !errors.Is(err, row.is) {
				t.Errorf("load: got %v, want an error that is %v", err, row.is)
			}
			if got := other.calls.Load(); got != 0 {
				t.Errorf("other instance: got %d calls, want none", got)
			}
		})
	}
}

func TestPoolTriesAnotherWhenOneIsDead(t *testing.T) {
	dead := instance(t, "1", unused(t))
	alive, _ := startAPI(t, "2", named("alive"))
	p, _ := newPool(t, Options{}, dead, alive)
	for range 3 {
		if user, err := p.LoadUser(within(t), "x"); err != nil || user.GetUsername() != "alive" {
			t.Errorf("load: got %v, %v, want the user from the living", user, err)
		}
	}
	if got := p.Stats(); got.Tries != 6 || got.Failed != 0 {
		t.Errorf("stats: got %+v, want 6 tries, none failed", got)
	}
}

// An instance may die under its calls: they are tried elsewhere.
func TestPoolTriesAnotherWhenOneDiesInTheCall(t *testing.T) {
	entered := make(chan struct{})
	dying := &fakeAPI{answer: func(ctx context.Context) (*wire.User, error) {
		close(entered)
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	first, stopServer := startHasty(t, dying)
	second, _ := startAPI(t, "2", named("alive"))
	p, _ := newPool(t, Options{TryTimeout: patience}, first, second)
	result := make(chan error, 1)
	go func() {
		user, err := p.LoadUser(within(t), "x")
		if err == nil && user.GetUsername() != "alive" {
			err = fmt.Errorf("the user is from %q", user.GetUsername())
		}
		result <- err
	}()
	receive(t, "the call at the first", entered)
	_ = stopServer()
	if err := receive(t, "the call", result); err != nil {
		t.Errorf("load: got %v, want the user from the living", err)
	}
}

// startHasty is startAPI for an instance that cuts its calls when it stops.
func startHasty(t *testing.T, a *fakeAPI) (registry.Instance, func() error) {
	t.Helper()
	listener := listen(t, "127.0.0.1:0")
	server := wire.NewServer(wire.ServerConfig{Grace: time.Millisecond, Deadline: patience})
	wire.RegisterLoaderServer(server, a)
	stop := background(t, func(ctx context.Context) error { return server.Serve(ctx, listener) })
	return instance(t, "hasty", listener.Addr().String()), stop
}

func TestPoolTriesAnotherWhenOneHangs(t *testing.T) {
	hanging := &fakeAPI{answer: func(ctx context.Context) (*wire.User, error) { <-ctx.Done(); return nil, ctx.Err() }}
	first, _ := startAPI(t, "1", hanging)
	second, _ := startAPI(t, "2", named("alive"))
	// The second must answer within the timeout on a busy machine, too.
	p, _ := newPool(t, Options{TryTimeout: 500 * time.Millisecond}, first, second)
	if user, err := p.LoadUser(within(t), "x"); err != nil || user.GetUsername() != "alive" {
		t.Errorf("load: got %v, %v, want the user from the living", user, err)
	}
}

func TestPoolTriesAreDistinctAndBounded(t *testing.T) {
	for _, row := range []struct{ instances, tries, want int }{
		{1, 3, 1}, {2, 3, 2}, {3, 3, 3}, {5, 3, 3}, {5, 1, 1}, {5, 0, 3}, {5, 9, 5},
	} {
		var apis []*fakeAPI
		var instances []registry.Instance
		for i := range row.instances {
			a := failing(status.Error(codes.Unavailable, "as told"))
			in, _ := startAPI(t, fmt.Sprintf("api-%d", i), a)
			apis, instances = append(apis, a), append(instances, in)
		}
		p, _ := newPool(t, Options{Tries: row.tries}, instances...)
		_, err := p.LoadUser(within(t), "x")
		last := fmt.Sprintf("api-%d", row.want-1)
		if status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), last) {
			t.Errorf("%+v: got %v, want %v that names %s", row, err, codes.Unavailable, last)
		}
		asked := 0
		for i, a := range apis {
			calls := int(a.calls.Load())
			if calls > 1 {
				t.Errorf("%+v: instance %d got %d calls, want 1 at most", row, i, calls)
			}
			asked += calls
		}
		if asked != row.want || p.Stats().Failed != 1 {
			t.Errorf("%+v: %d instances were asked, %+v, want %d asked and one call failed", row, asked, p.Stats(), row.want)
		}
	}
}

func TestPoolWithoutInstances(t *testing.T) {
	draining := instance(t, "1", unused(t))
	draining.State = registry.StateDraining
	for name, instances := range map[string][]registry.Instance{"none": nil, "only a draining one": {draining}} {
		p, _ := newPool(t, Options{}, instances...)
		if _, err := p.LoadUser(within(t), "x"); !errors.Is(err, ErrNoInstances) {
			t.Errorf("%s: got %v, want %v", name, err, ErrNoInstances)
		}
		if _, err := p.LoadGuild(within(t), 1); !errors.Is(err, ErrNoInstances) {
			t.Errorf("%s: guild: got %v, want %v", name, err, ErrNoInstances)
		}
	}
	p, d := newPool(t, Options{})
	for _, name := range []string{"an empty snapshot", "no snapshot"} {
		if _, err := p.LoadUser(within(t), "x"); !errors.Is(err, ErrNoInstances) {
			t.Errorf("%s: got %v, want %v", name, err, ErrNoInstances)
		}
		d.now.Store(nil)
	}
}

func TestPoolEndsWithItsCaller(t *testing.T) {
	entered := make(chan struct{})
	hanging := &fakeAPI{answer: func(ctx context.Context) (*wire.User, error) {
		close(entered)
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	first, _ := startAPI(t, "1", hanging)
	other := named("other")
	second, _ := startAPI(t, "2", other)
	p, _ := newPool(t, Options{TryTimeout: patience}, first, second)
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() {
		_, err := p.LoadUser(ctx, "x")
		result <- err
	}()
	receive(t, "the call at the first", entered)
	cancel()
	if err := receive(t, "the call", result); !errors.Is(err, context.Canceled) {
		t.Errorf("load: got %v, want %v", err, context.Canceled)
	}
	if got := other.calls.Load(); got != 0 {
		t.Errorf("other instance: got %d calls for a caller who left, want none", got)
	}
}

// A token that cannot be anybody's costs no call.
func TestPoolRefusesImpossibleTokens(t *testing.T) {
	a := named("a")
	in, _ := startAPI(t, "1", a)
	p, _ := newPool(t, Options{}, in)
	for _, token := range []string{"", "\xff", strings.Repeat("x", wire.MaxTokenBytes+1)} {
		if _, err := p.LoadUser(within(t), token); !errors.Is(err, ErrUnauthenticated) || status.Code(err) != codes.Unauthenticated {
			t.Errorf("token %.10q: got %v, want %v", token, err, ErrUnauthenticated)
		}
	}
	if got := a.calls.Load(); got != 0 {
		t.Errorf("instance: got %d calls, want none", got)
	}
}

// Callers, changes of the directory and dying instances all at once; the race
// detector is the judge, and no call may fail while one good instance is listed.
func TestPoolUnderChange(t *testing.T) {
	var instances []registry.Instance
	for i := range 6 {
		in, _ := startAPI(t, fmt.Sprintf("api-%d", i), named("x"))
		instances = append(instances, in)
	}
	dead := instance(t, "dead", unused(t))
	p, d := newPool(t, Options{MaxConnections: 4, Tries: 6, TryTimeout: patience}, instances...)
	p.opts.Draw = Options{}.withDefaults().Draw
	var callers sync.WaitGroup
	for caller := range 3 {
		callers.Go(func() {
			for i := range 100 {
				n := caller + i
				d.set(instances[n%6], dead, instances[(n+1)%6], instances[(n+2)%6])
				if _, err := p.LoadUser(within(t), "x"); err != nil {
					t.Errorf("load: got %v, want nil", err)
				}
			}
		})
	}
	callers.Wait()
	if got := p.Stats().Connections; got > 4 {
		t.Errorf("connections: got %d, want 4 at most", got)
	}
}
