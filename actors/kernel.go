package actors

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// kernel is what all actors of one runtime share. It is fixed at construction
// and safe for use by all of them.
type kernel struct {
	system   *actor.ActorSystem
	events   *stream
	name     string // makes the actor names of two runtimes in one system differ
	seed     uint64
	origin   time.Time
	sequence atomic.Uint64 // incarnations spawned and random sources handed out

	// Counted for Status.
	restarts  atomic.Uint64
	abandoned atomic.Int64
}

// now is the monotonic time that the pure machines are fed with.
func (k *kernel) now() time.Duration { return time.Since(k.origin) }

// random returns a source of its own for one actor: reproducible from the
// seed where the order of spawns is, and never shared between goroutines.
func (k *kernel) random() func() float64 {
	return rand.New(rand.NewPCG(k.seed, k.sequence.Add(1))).Float64
}

// spawn starts a guarded actor under a name that no other incarnation has ever
// had: a protoactor PID is a name, and a reused one would let the dead answer
// for the living. It has no protoactor parent: the tree is ours alone, so that
// nothing in it can wait for an actor that will not stop.
func (k *kernel) spawn(path string, g *guard) (*actor.PID, error) {
	name := fmt.Sprintf("%s/%s#%d", k.name, path, k.sequence.Add(1))
	props := actor.PropsFromProducer(func() actor.Actor { return g })
	return k.system.Root.SpawnNamed(props, name)
}

func (k *kernel) send(pid *actor.PID, message any) { k.system.Root.Send(pid, message) }

// sendAfter sends a message when the delay has passed; at once, behind what is
// queued already, when there is none.
func (k *kernel) sendAfter(delay time.Duration, pid *actor.PID, message any) *time.Timer {
	if delay <= 0 {
		k.send(pid, message)
		return nil
	}
	return time.AfterFunc(delay, func() { k.send(pid, message) })
}

// unregister makes an actor that will not stop unreachable.
func (k *kernel) unregister(pid *actor.PID) { k.system.ProcessRegistry.Remove(pid) }
