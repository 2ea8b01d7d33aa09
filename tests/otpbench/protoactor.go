package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/asynkron/protoactor-go/actor"
)

// generous is a number of restarts that is never reached. Without a period, protoactor counts them at once.
const generous = 1 << 30

var errCrash = errors.New("failed")

func protoactorVariants(row string) []variant {
	of := func(kind protoKind) func(*gate, way) nursery {
		return func(g *gate, _ way) nursery { return newProtoNursery(g, kind) }
	}
	switch row {
	case start, startAll:
		return []variant{{"bare", of(protoBare)}, {"awaited", of(protoAwaited)}}
	case memory:
		return []variant{{"bare", of(protoBare)}}
	}
	return []variant{{"one-for-one", of(protoSupervised)}}
}

// protoKind is how children are spawned.
type protoKind int

const (
	protoSupervised protoKind = iota // by an actor with a one-for-one strategy
	protoBare                        // by nobody, and awaited together
	protoAwaited                     // by nobody, and each awaited
)

// protoNursery is a plain protoactor system; it has no error of a child but the panic.
type protoNursery struct {
	gate     *gate
	kind     protoKind
	system   *actor.ActorSystem
	props    *actor.Props
	parent   *actor.PID
	children []*actor.PID
}

func newProtoNursery(g *gate, kind protoKind) *protoNursery {
	return &protoNursery{
		gate: g, kind: kind,
		system: actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return slog.New(slog.DiscardHandler) })),
		props:  actor.PropsFromProducer(func() actor.Actor { return &protoChild{gate: g} }),
	}
}

// crash is the message at which a child crashes.
type crash struct{}

type protoChild struct{ gate *gate }

func (c *protoChild) Receive(ctx actor.Context) {
	switch ctx.Message().(type) {
	case *actor.Started:
		c.gate.arrive()
	case crash:
		panic(errCrash)
	}
}

// bear asks the parent for children, ask for a sign that it has come this far.
type (
	bear struct {
		n    int
		born chan<- []*actor.PID
	}
	ask struct{ taken chan<- struct{} }
)

type protoParent struct{ props *actor.Props }

func (p *protoParent) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case bear:
		all := make([]*actor.PID, m.n)
		for i := range all {
			all[i] = ctx.Spawn(p.props)
		}
		m.born <- all
	case ask:
		m.taken <- struct{}{}
	}
}

func (p *protoNursery) open(_ context.Context, n int) error {
	if p.kind != protoSupervised {
		return nil
	}
	p.parent = p.system.Root.Spawn(actor.PropsFromProducer(
		func() actor.Actor { return &protoParent{p.props} },
		actor.WithSupervisor(actor.NewOneForOneStrategy(generous, 0, actor.DefaultDecider)),
	))
	p.gate.expect(n)
	born := make(chan []*actor.PID)
	p.system.Root.Send(p.parent, bear{n, born})
	p.children = <-born
	if n > 0 {
		p.gate.await()
	}
	return nil
}

func (p *protoNursery) crash(i int) { p.system.Root.Send(p.children[i], crash{}) }

func (p *protoNursery) settle(context.Context) error {
	taken := make(chan struct{})
	p.system.Root.Send(p.parent, ask{taken})
	<-taken
	return nil
}

func (p *protoNursery) spawn(_ context.Context, n int) error {
	p.children = make([]*actor.PID, n)
	p.gate.expect(n)
	for i := range p.children {
		if p.kind == protoAwaited {
			p.gate.expect(1)
		}
		p.children[i] = p.system.Root.Spawn(p.props)
		if p.kind == protoAwaited {
			p.gate.await()
		}
	}
	if p.kind == protoBare {
		p.gate.await()
	}
	return nil
}

func (p *protoNursery) end(context.Context) error {
	p.system.Shutdown()
	return nil
}

func (p *protoNursery) close(context.Context) error {
	defer func() { p.parent, p.children = nil, nil }()
	if p.parent != nil {
		return p.system.Root.StopFuture(p.parent).Wait()
	}
	for _, pid := range p.children {
		if err := p.system.Root.StopFuture(pid).Wait(); err != nil {
			return err
		}
	}
	return nil
}
