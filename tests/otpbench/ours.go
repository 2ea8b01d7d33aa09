package main

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/supervision"
)

func ourVariants(row string) []variant {
	kinds := []ourKind{{}, {dynamic: true}, {function: true}, {dynamic: true, function: true}}
	switch row {
	case start, memory:
		kinds = kinds[:2]
	case startAll:
		kinds = []ourKind{{dynamic: true, atOnce: true}}
	case memoryFunction:
		kinds = kinds[2:]
	}
	var all []variant
	for _, k := range kinds {
		all = append(all, variant{k.String(), func(g *gate, w way) nursery { return newOurNursery(g, w, k) }})
	}
	return all
}

// ourKind is the kind of the supervisor and that of its children. Those may be asked for all at once.
type ourKind struct{ dynamic, function, atOnce bool }

func (k ourKind) String() string {
	supervisor, child := "static", "actor"
	if k.dynamic {
		supervisor = "dynamic"
	}
	if k.function {
		child = "function"
	}
	return supervisor + "-" + child
}

// ourNursery is a supervisor of package actors. It stands under a root that stays, as a supervisor of OTP's stands in a VM
// that stays: what the root keeps warm is warm in practice too.
type ourNursery struct {
	gate   *gate
	way    way
	kind   ourKind
	system *actor.ActorSystem
	props  *actor.Props
	root   *actors.Supervisor // nil until it is needed

	opened   int // supervisors so far
	branch   *actors.Branch
	pids     []*actor.PID    // of children that are actors
	triggers []chan struct{} // of children that are functions
}

func newOurNursery(g *gate, w way, k ourKind) *ourNursery {
	return &ourNursery{
		gate: g, way: w, kind: k,
		system: actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return slog.New(slog.DiscardHandler) })),
		props:  actor.PropsFromProducer(func() actor.Actor { return &ourChild{gate: g, way: w} }),
	}
}

type ourChild struct {
	gate *gate
	way  way
}

func (c *ourChild) Receive(ctx actor.Context) {
	switch ctx.Message().(type) {
	case *actor.Started:
		c.gate.arrive()
	case crash:
		if c.way == raise {
			panic(errCrash)
		}
		actors.End(ctx, errCrash)
	}
}

// function is the child that is no actor.
func (o *ourNursery) function(trigger <-chan struct{}) func(context.Context) error {
	return func(ctx context.Context) error {
		o.gate.arrive()
		select {
		case <-ctx.Done():
			return nil
		case <-trigger:
			if o.way == raise {
				panic(errCrash)
			}
			return errCrash
		}
	}
}

// child describes the child of an ID, which is its number; a function must have its trigger by then.
func (o *ourNursery) child(id string) actors.Child {
	c := actors.Child{ChildSpec: supervision.ChildSpec{ID: id}}
	if !o.kind.function {
		c.Props = o.props
		return c
	}
	i, err := strconv.Atoi(id)
	if err != nil || i >= len(o.triggers) {
		c.Run = func(context.Context) error { return fmt.Errorf("child %q has no trigger", id) }
		return c
	}
	c.Run = o.function(o.triggers[i])
	return c
}

// name is the ID of the supervisor that is open.
func (o *ourNursery) name() string { return "bench-" + strconv.Itoa(o.opened) }

// begin starts the root.
func (o *ourNursery) begin(ctx context.Context) (err error) {
	if o.root != nil {
		return nil
	}
	if o.root, err = actors.NewSupervisor(actors.SupervisorConfig{System: o.system}); err != nil {
		return err
	}
	return o.root.Start(ctx)
}

func (o *ourNursery) open(ctx context.Context, n int) error {
	if err := o.begin(ctx); err != nil {
		return err
	}
	o.opened++
	o.triggers, o.pids = nil, nil
	o.grow(n)
	// A window that never trips but counts, as OTP's does.
	spec := actors.SupervisorSpec{Spec: supervision.Spec{
		Intensity: supervision.Intensity{Restarts: supervision.MaxRestarts, Period: time.Second},
	}}
	if o.kind.dynamic {
		spec.Strategy = supervision.Dynamic
		spec.Template = o.child
	} else {
		for i := range n {
			spec.Children = append(spec.Children, o.child(strconv.Itoa(i)))
		}
	}
	o.gate.expect(n)
	if _, err := o.root.Branch().Add(ctx, actors.Child{ChildSpec: supervision.ChildSpec{ID: o.name()}, Supervisor: &spec}); err != nil {
		return err
	}
	o.branch = o.root.Branch(o.name())
	if o.kind.dynamic {
		if err := o.ask(ctx, n); err != nil {
			return err
		}
	}
	if n > 0 {
		o.gate.await()
	}
	if o.kind.function {
		return nil
	}
	for i := range n {
		o.pids = append(o.pids, o.branch.PID(strconv.Itoa(i)))
	}
	return nil
}

// grow makes triggers for functions.
func (o *ourNursery) grow(n int) {
	for o.kind.function && len(o.triggers) < n {
		o.triggers = append(o.triggers, make(chan struct{}, 1))
	}
}

// ask starts children one after the other, each acknowledged.
func (o *ourNursery) ask(ctx context.Context, n int) error {
	if o.kind.atOnce {
		ids := make([]string, n)
		for i := range ids {
			ids[i] = strconv.Itoa(i)
		}
		_, err := o.branch.SpawnAll(ctx, ids)
		return err
	}
	for i := range n {
		id := strconv.Itoa(i)
		var err error
		if o.kind.dynamic {
			_, err = o.branch.Spawn(ctx, id)
		} else {
			_, err = o.branch.Add(ctx, o.child(id))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (o *ourNursery) crash(i int) {
	if o.kind.function {
		o.triggers[i] <- struct{}{}
		return
	}
	o.system.Root.Send(o.pids[i], crash{})
}

func (o *ourNursery) settle(ctx context.Context) error {
	return o.branch.Wake(ctx, "nobody")
}

func (o *ourNursery) spawn(ctx context.Context, n int) error {
	o.grow(n)
	o.gate.expect(n)
	if err := o.ask(ctx, n); err != nil {
		return err
	}
	o.gate.await() // a function has started when its goroutine runs, which is before its first line
	return nil
}

func (o *ourNursery) close(ctx context.Context) error {
	if err := o.root.Branch().Terminate(ctx, o.name()); err != nil {
		return err
	}
	return o.root.Branch().Delete(ctx, o.name())
}

func (o *ourNursery) end(ctx context.Context) error {
	defer o.system.Shutdown()
	if o.root == nil {
		return nil
	}
	return o.root.Stop(ctx)
}
