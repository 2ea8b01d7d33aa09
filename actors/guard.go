package actors

import (
	"github.com/asynkron/protoactor-go/actor"

	"github.com/firebreak-go/firebreak/supervision"
)

// behaviour is what runs inside a guard. All three methods are called in the
// actor's own turns, so its fields need no lock.
//
// An error from start means that this incarnation never came up; an error from
// receive ends it. A panic, in any of them, is such an end too.
type behaviour interface {
	start(ctx actor.Context) error
	receive(ctx actor.Context, message any) error
	// stop releases what the incarnation holds. It is called exactly once,
	// after its supervisor has been told of an abnormal exit, and before it is
	// told of an orderly one.
	stop(ctx actor.Context, exit supervision.Exit)
}

// lateStarter is a behaviour whose start is not over when start returns: it
// calls the bound function when it is.
type lateStarter interface{ bind(started func()) }

// guard is the actor around every behaviour of this package. It turns each way
// an actor can end (an error, a panic anywhere in its life, runtime.Goexit, an
// orderly stop) into one message to its supervisor, and never lets a panic
// reach protoactor, whose reactions would resurrect or hang the tree.
type guard struct {
	// Fixed at construction.
	produce func() behaviour
	notify  func(control)
	ref     supervision.Ref

	// Touched only in the actor's turns.
	inner  behaviour
	phase  phase
	cameUp bool
	exit   supervision.Exit
}

// phase is where in its life an incarnation is.
type phase uint8

const (
	starting phase = iota
	running
	// leaving: an orderly stop has begun; the actor's own children are dying.
	leaving
	// ended: the supervisor has been told; whatever still arrives is dropped.
	ended
)

// Receive implements [actor.Actor].
func (g *guard) Receive(ctx actor.Context) {
	switch message := ctx.Message().(type) {
	case *actor.Started:
		g.turn(ctx, func() error { return g.begin(ctx) })
	case *actor.Stopping:
		g.leave(ctx)
	case *actor.Stopped:
		g.left()
	case *actor.Restarting, *actor.Terminated:
		// Nothing of ours restarts in place or watches.
	default:
		if g.phase < leaving {
			g.turn(ctx, func() error { return g.inner.receive(ctx, message) })
		}
	}
}

func (g *guard) begin(ctx actor.Context) error {
	g.inner = g.produce()
	late, isLate := g.inner.(lateStarter)
	if isLate {
		late.bind(g.started)
	}
	if err := g.inner.start(ctx); err != nil {
		return err
	}
	if !isLate {
		g.started()
	}
	return nil
}

func (g *guard) started() {
	g.phase, g.cameUp = running, true
	g.notify(childStarted{ref: g.ref})
}

// turn runs one turn of the behaviour and ends the incarnation when that ends
// it. With Goexit the goroutine is lost, and the mailbox with it, so that end
// is carried out in the deferred function.
func (g *guard) turn(ctx actor.Context, work func() error) {
	completed := false
	defer func() {
		if completed {
			return
		}
		if value := recover(); value != nil {
			g.crash(ctx, panicExit(value))
			return
		}
		g.crash(ctx, supervision.Exit{Kind: supervision.ExitKilled, Reason: "runtime.Goexit ended the actor's goroutine"})
		ctx.ActorSystem().ProcessRegistry.Remove(ctx.Self())
	}()
	err := work()
	completed = true
	if err != nil {
		g.crash(ctx, exitOf(err))
	}
}

// crash ends the incarnation from inside: the supervisor hears of it first, so
// that whatever stop tells others cannot overtake it.
func (g *guard) crash(ctx actor.Context, exit supervision.Exit) {
	if g.phase >= leaving {
		return
	}
	g.report(exit)
	g.release(ctx, exit)
	ctx.Stop(ctx.Self())
}

// leave is the first half of an orderly stop, asked for from outside.
func (g *guard) leave(ctx actor.Context) {
	if g.phase == ended {
		return
	}
	g.phase = leaving
	g.exit = supervision.Exit{Kind: supervision.ExitShutdown}
	g.release(ctx, g.exit)
}

// left is the second half: the actor's own children are gone.
func (g *guard) left() {
	if g.phase != ended {
		g.report(g.exit)
	}
}

func (g *guard) report(exit supervision.Exit) {
	g.phase = ended
	if g.cameUp {
		g.notify(childExited{ref: g.ref, exit: exit})
		return
	}
	g.notify(childStartFailed{ref: g.ref, exit: exit})
}

// release lets the behaviour clean up. It must not fail a second time: a panic
// here is dropped, because the exit that matters has been named already.
func (g *guard) release(ctx actor.Context, exit supervision.Exit) {
	if g.inner == nil {
		return
	}
	defer func() { _ = recover() }()
	g.inner.stop(ctx, exit)
}
