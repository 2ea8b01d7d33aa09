package grpcresolver

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/serviceconfig"

	"github.com/firebreak-go/firebreak/registry"
)

// follower is the resolver of one connection.
type follower struct {
	// Fixed at construction.
	view    View
	service string
	cc      resolver.ClientConn
	config  *serviceconfig.ParseResult
	cancel  context.CancelFunc
	ended   sync.WaitGroup
	again   chan struct{} // gRPC asks for the addresses again

	// Touched only by the goroutine.
	last    resolver.State
	refused bool // gRPC could not use the last state
}

func (f *follower) start() {
	ctx, cancel := context.WithCancel(context.Background())
	f.cancel = cancel
	var first *registry.Snapshot
	if now := f.view.Snapshot(f.service); now != nil && now.Len() > 0 {
		first = now
		f.tell(first) // the first call need not wait for a goroutine
	}
	f.ended.Go(func() { f.run(ctx, first) })
}

// run follows until it is closed, or there is nothing to follow any more.
func (f *follower) run(ctx context.Context, first *registry.Snapshot) {
	news := make(chan *registry.Snapshot)
	f.ended.Go(func() { f.read(ctx, first, news) })
	for {
		select {
		case snapshot := <-news:
			f.tell(snapshot)
		case <-f.again:
			if f.refused {
				f.refused = f.cc.UpdateState(f.last) != nil
			}
		case <-ctx.Done():
			return
		}
	}
}

// read hands snapshots on, one when the one before has been told.
func (f *follower) read(ctx context.Context, last *registry.Snapshot, news chan<- *registry.Snapshot) {
	for {
		snapshot, err := f.view.Next(ctx, f.service, last)
		if err != nil {
			if ctx.Err() == nil && last == nil {
				f.cc.ReportError(fmt.Errorf("grpcresolver: %w", err))
			}
			return // the addresses stay
		}
		select {
		case news <- snapshot:
			last = snapshot
		case <-ctx.Done():
			return
		}
	}
}

// tell hands a snapshot's instances to gRPC. One that has none changes nothing
// once there were some.
func (f *follower) tell(snapshot *registry.Snapshot) {
	state := stateOf(snapshot)
	switch {
	case len(state.Endpoints) == 0 && len(f.last.Endpoints) == 0:
		f.cc.ReportError(fmt.Errorf("grpcresolver: %s has no instances", f.service))
	case len(state.Endpoints) == 0, slices.EqualFunc(state.Endpoints, f.last.Endpoints, same):
	default:
		state.ServiceConfig = f.config
		f.last = state
		f.refused = f.cc.UpdateState(state) != nil
	}
}

// ResolveNow is part of gRPC's resolver.Resolver. What is known has been told; it
// is told again when gRPC could not use it.
func (f *follower) ResolveNow(resolver.ResolveNowOptions) {
	select {
	case f.again <- struct{}{}:
	default:
	}
}

// Close is part of gRPC's resolver.Resolver.
func (f *follower) Close() {
	f.cancel()
	f.ended.Wait()
}
