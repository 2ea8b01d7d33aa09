package actors

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/firebreak-go/firebreak/supervision"
)

// caller runs the blocking calls of one actor on goroutines of their own, and
// ends them with it.
type caller struct {
	derive func() (context.Context, context.CancelFunc)
	cancel context.CancelFunc
	calls  sync.WaitGroup
}

func newCaller() *caller {
	parent, cancel := context.WithCancel(context.Background())
	return &caller{
		derive: func() (context.Context, context.CancelFunc) { return context.WithCancel(parent) },
		cancel: cancel,
	}
}

// run makes one call; a limit of 0 leaves the time limit to the callee. The
// function that it returns cuts the call short.
func (c *caller) run(limit time.Duration, work func(context.Context)) context.CancelFunc {
	ctx, cancel := c.derive()
	timed, cancelTimed := ctx, context.CancelFunc(func() {})
	if limit > 0 {
		timed, cancelTimed = context.WithTimeout(ctx, limit)
	}
	c.calls.Go(func() {
		defer cancel()
		defer cancelTimed()
		work(timed)
	})
	return cancel
}

// start runs work that ends by itself.
func (c *caller) start(work func()) { c.calls.Go(work) }

// stop cuts all calls short and waits for them.
func (c *caller) stop() {
	c.cancel()
	c.calls.Wait()
}

// panicError is the error of a call into other people's code that panicked.
type panicError struct{ exit supervision.Exit }

func (e panicError) Error() string { return e.exit.Reason }

func isPanic(err error) bool {
	_, ok := errors.AsType[panicError](err)
	return ok
}

// safely makes a call into other people's code, on a goroutine where a panic
// would end the process.
func safely[T any](call func() (T, error)) (result T, err error) {
	defer func() {
		if value := recover(); value != nil {
			err = panicError{panicExit(value)}
		}
	}()
	return call()
}
