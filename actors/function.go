package actors

import (
	"context"
	"sync/atomic"

	"github.com/firebreak-go/firebreak/supervision"
)

// function is one incarnation of a child that is a plain function. It has no
// mailbox and no address: it runs on a goroutine straight under its supervisor,
// which may be one that an earlier function has left, with its stack grown.
type function struct {
	kernel   *kernel
	overseer overseer
	name     string
	ref      supervision.Ref
	work     func(ctx context.Context) error
	ctx      context.Context //nolint:containedctx // it is handed to the goroutine, and to nobody else
	cancel   context.CancelFunc
	fate     atomic.Uint32
}

// What a function and its supervisor can do to each other, in either order.
const (
	functionEnded uint32 = 1 << iota
	functionAbandoned
)

func newFunction(k *kernel, o overseer, name string, work func(context.Context) error) *function {
	ctx, cancel := context.WithCancel(context.Background())
	return &function{kernel: k, overseer: o, name: name, work: work, ctx: ctx, cancel: cancel}
}

// begin starts the function. It has started when it has a goroutine: nothing of
// its own can fail before that runs, so nobody needs to wait for it.
func (f *function) begin(ref supervision.Ref, from *worker) {
	f.ref = ref
	f.overseer.tell(childStarted{ref: ref}, from) // ahead of its end
	f.kernel.functions.schedule(f)
}

func (f *function) stop() { f.cancel() }

func (f *function) abandon() bool {
	return f.fate.Or(functionAbandoned)&functionEnded == 0
}

func (f *function) dismiss() { f.cancel() }

func (f *function) isLost() bool { return f.fate.Load() == functionAbandoned }

// haunts: a function has no name that it could take from anybody.
func (f *function) haunts(*process) bool { return f.isLost() }

// run implements [task].
func (f *function) run(*worker) {
	completed := false
	defer func() {
		if completed {
			return
		}
		if value := recover(); value != nil {
			f.ended(panicExit(value))
			return
		}
		f.ended(supervision.Exit{Kind: supervision.ExitKilled, Reason: "runtime.Goexit ended the function's goroutine"})
	}()
	exit := f.exitFor(f.work(f.ctx)) // which asks the error, and that may panic
	completed = true
	f.ended(exit)
}

// exitFor: a function that was told to stop, and says so or says nothing, has
// ended in order.
func (f *function) exitFor(err error) supervision.Exit {
	if cause := f.ctx.Err(); cause != nil && (err == nil || isCanceled(err)) {
		return supervision.Exit{Kind: supervision.ExitShutdown}
	}
	return endOf(err)
}

func (f *function) ended(exit supervision.Exit) {
	f.cancel()
	if f.fate.Or(functionEnded)&functionAbandoned != 0 {
		f.kernel.returned(f.name, f.overseer)
		return
	}
	f.overseer.tell(childExited{ref: f.ref, exit: exit}, nil)
}
