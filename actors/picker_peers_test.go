package actors

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"testing"

	"github.com/go-kit/kit/endpoint"
	"github.com/go-kit/kit/sd"
	"github.com/go-kit/kit/sd/lb"
	"github.com/go-kit/log"
	"google.golang.org/grpc/balancer"
	_ "google.golang.org/grpc/balancer/roundrobin" // registers itself
	"google.golang.org/grpc/connectivity"
	estats "google.golang.org/grpc/experimental/stats"
	"google.golang.org/grpc/resolver"

	"github.com/firebreak-go/firebreak/registry"
)

// benchPeers picks from the same directory with what others have.
func benchPeers(b *testing.B, n int) {
	b.Helper()
	b.Run(fmt.Sprintf("%d/peer_map", n), func(b *testing.B) { benchMap(b, n) })
	if n <= 1000 { // every connection that becomes ready makes a picker of all: with 100,000 it takes for ever
		b.Run(fmt.Sprintf("%d/peer_grpc_round_robin", n), func(b *testing.B) { benchGRPC(b, n) })
	}
	for name, balance := range map[string]func(sd.Endpointer) lb.Balancer{
		"peer_gokit_round_robin": lb.NewRoundRobin,
		"peer_gokit_random":      func(e sd.Endpointer) lb.Balancer { return lb.NewRandom(e, 1) },
	} {
		b.Run(fmt.Sprintf("%d/%s", n, name), func(b *testing.B) { benchGoKit(b, n, balance) })
	}
}

// benchMap is the least that one would write: a map behind a pointer, replaced
// as a whole, from which the runtime's random iteration chooses.
func benchMap(b *testing.B, n int) {
	b.Helper()
	_, d := newBenchDirectory(b, n)
	var current atomic.Pointer[map[string]*registry.Row]
	update := func(snapshot *registry.Snapshot) {
		rows := make(map[string]*registry.Row, snapshot.Len())
		for row := range snapshot.Rows.All() {
			rows[row.Key] = &row
		}
		current.Store(&rows)
	}
	update(d.service.snapshot.Load())
	d.change(b, update)
	for b.Loop() {
		for _, row := range *current.Load() {
			benchPicked = row
			break
		}
	}
}

// benchGoKit is go-kit's endpointer, with an endpoint that does nothing.
func benchGoKit(b *testing.B, n int, balance func(sd.Endpointer) lb.Balancer) {
	b.Helper()
	_, d := newBenchDirectory(b, n)
	source := &instancer{}
	endpointer := sd.NewEndpointer(source, func(string) (endpoint.Endpoint, io.Closer, error) {
		return func(context.Context, any) (any, error) { return nil, nil }, nil, nil //nolint:nilnil // it does nothing
	}, log.NewNopLogger())
	update := func(snapshot *registry.Snapshot) {
		instances := make([]string, 0, snapshot.Len())
		for in := range snapshot.Instances() {
			instances = append(instances, in.ID+in.Address())
		}
		source.to <- sd.Event{Instances: instances}
	}
	update(d.service.snapshot.Load())
	update(d.service.snapshot.Load()) // taken only when the first has been
	chooser := balance(endpointer)
	b.Cleanup(endpointer.Close) // when nobody sends any more
	d.change(b, update)
	for b.Loop() {
		if _, err := chooser.Endpoint(); err != nil {
			b.Fatal(err)
		}
	}
}

// instancer is a source for go-kit's endpointer.
type instancer struct{ to chan<- sd.Event }

func (s *instancer) Register(to chan<- sd.Event) { s.to = to }

func (s *instancer) Deregister(chan<- sd.Event) {}

func (s *instancer) Stop() {}

// benchGRPC is the picker of gRPC's round robin, over connections that are ready as
// soon as they are wanted.
func benchGRPC(b *testing.B, n int) {
	b.Helper()
	_, d := newBenchDirectory(b, n)
	channel := &channel{}
	robin := balancer.Get("round_robin").Build(channel, balancer.BuildOptions{})
	update := func(snapshot *registry.Snapshot) {
		var state resolver.State
		for in := range snapshot.Instances() {
			state.Endpoints = append(state.Endpoints, resolver.Endpoint{Addresses: []resolver.Address{{Addr: in.ID + in.Address()}}})
		}
		if err := robin.UpdateClientConnState(balancer.ClientConnState{ResolverState: state}); err != nil {
			b.Error(err)
		}
		channel.settle()
	}
	update(d.service.snapshot.Load())
	b.Cleanup(robin.Close)
	d.change(b, update)
	waits := 0
	for b.Loop() {
		_, err := (*channel.picker.Load()).Pick(balancer.PickInfo{})
		if errors.Is(err, balancer.ErrNoSubConnAvailable) { // between two pickers: a call would wait
			waits++
			continue
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(waits), "waits")
}

// channel is what a balancer of gRPC works on.
type channel struct {
	balancer.ClientConn
	picker  atomic.Pointer[balancer.Picker]
	waiting []func()
}

func (c *channel) UpdateState(s balancer.State) { c.picker.Store(&s.Picker) }

func (c *channel) MetricsRecorder() estats.MetricsRecorder { return recorder{} }

type recorder struct {
	estats.UnimplementedMetricsRecorder
}

func (c *channel) ResolveNow(resolver.ResolveNowOptions) {}

func (c *channel) NewSubConn(_ []resolver.Address, opts balancer.NewSubConnOptions) (balancer.SubConn, error) {
	return &subConn{channel: c, told: opts.StateListener}, nil
}

// settle makes every connection that is wanted ready.
func (c *channel) settle() {
	for len(c.waiting) > 0 {
		waiting := c.waiting
		c.waiting = nil
		for _, f := range waiting {
			f()
		}
	}
}

type subConn struct {
	balancer.SubConn
	channel *channel
	told    func(balancer.SubConnState)
}

func (s *subConn) Connect() {
	s.channel.waiting = append(s.channel.waiting, func() {
		s.told(balancer.SubConnState{ConnectivityState: connectivity.Connecting})
		s.told(balancer.SubConnState{ConnectivityState: connectivity.Ready})
	})
}

func (s *subConn) RegisterHealthListener(told func(balancer.SubConnState)) {
	s.channel.waiting = append(s.channel.waiting, func() { told(balancer.SubConnState{ConnectivityState: connectivity.Ready}) })
}

func (s *subConn) Shutdown() {}
