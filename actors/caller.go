package actors

import (
	"context"
	"sync"
	"time"
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

// stop cuts all calls short and waits for them.
func (c *caller) stop() {
	c.cancel()
	c.calls.Wait()
}
