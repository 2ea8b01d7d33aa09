package cli

import (
	"context"
	"hash/fnv"
	"time"
)

// stopLimit is how long a runtime may take to withdraw and stop.
const stopLimit = 2 * time.Second

// task is a server that runs beside the command.
type task struct {
	cancel context.CancelFunc
	ended  chan struct{} // closed when it has returned
	err    error         // valid once ended is closed
}

// background runs serve until stop is called. The end of ctx does not end it, so
// that the command decides in which order things stop.
func background(ctx context.Context, serve func(context.Context) error) *task {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	t := &task{cancel: cancel, ended: make(chan struct{})}
	go func() {
		defer close(t.ended)
		t.err = serve(ctx)
	}()
	return t
}

// stop asks the server to end, waits for it and returns its error.
func (t *task) stop() error {
	t.cancel()
	<-t.ended
	return t.err
}

// stopWithin gives a runtime its time to stop, also when ctx has ended.
func stopWithin(ctx context.Context, r interface{ Stop(context.Context) error }) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
	defer cancel()
	return r.Stop(ctx)
}

// seedOf turns a name into a seed, so that nodes draw apart and each the same in
// every run.
func seedOf(name string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // a hash never fails
	return h.Sum64()
}
