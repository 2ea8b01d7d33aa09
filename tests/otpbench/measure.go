package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"
)

// batch is how many crashes one child takes before it and its supervisor are replaced by fresh ones. OTP's is shorter.
const batch = 100

// way is how a child crashes.
type way int

const (
	fail  way = iota // an error is returned
	raise            // a panic
)

// nursery is a supervisor and its children, as a measurement drives them.
type nursery interface {
	// open brings up a fresh supervisor with n children, and returns when they are up.
	open(ctx context.Context, n int) error
	// crash tells a child to crash.
	crash(i int)
	// settle returns when the supervisor has taken all that was told to it before.
	settle(ctx context.Context) error
	// spawn starts n children more, one after the other, and returns when they are up.
	spawn(ctx context.Context, n int) error
	// close stops the children and the supervisor.
	close(ctx context.Context) error
	// end releases what stays from one supervisor to the next.
	end(ctx context.Context) error
}

// variant is one way in which a side does a row.
type variant struct {
	name    string
	nursery func(g *gate, w way) nursery
}

// variants are a side's ways of doing a row.
func variants(side, row string) []variant {
	if side == ours {
		return ourVariants(row)
	}
	return protoactorVariants(row)
}

// measure prints a line for every variant of a row.
func measure(ctx context.Context, j job, stdout io.Writer) error {
	for _, v := range variants(j.side, j.row) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		g, w := newGate(), fail
		if j.row == restartPanic || j.row == stormPanic {
			w = raise
		}
		n := v.nursery(g, w)
		value, err := take(ctx, n, g, j)
		if err = errors.Join(err, n.end(ctx)); err != nil {
			return fmt.Errorf("%s %s: %w", j.row, v.name, err)
		}
		fmt.Fprintf(stdout, "%s %s %.3f\n", j.row, v.name, value)
	}
	return nil
}

func take(ctx context.Context, n nursery, g *gate, j job) (float64, error) {
	switch j.row {
	case restartError, restartPanic:
		return restarts(ctx, n, g, j.n)
	case stormError, stormPanic:
		if _, err := storm(ctx, n, g, j.n); err != nil { // a warm-up
			return 0, err
		}
		return storm(ctx, n, g, j.n)
	case start, startAll:
		if _, err := starts(ctx, n, 1+j.n/10); err != nil { // a warm-up
			return 0, err
		}
		return starts(ctx, n, j.n)
	default:
		return sizes(ctx, n, j.n)
	}
}

// restarts crashes one child again and again, each time once it is up: nanoseconds a crash. The first batches are a
// warm-up.
func restarts(ctx context.Context, n nursery, g *gate, crashes int) (float64, error) {
	batches := max(1, crashes/batch)
	var sum time.Duration
	for i := -1 - batches/10; i < batches; i++ {
		if err := n.open(ctx, 1); err != nil {
			return 0, err
		}
		began := time.Now()
		for range batch {
			g.expect(1)
			n.crash(0)
			g.await()
		}
		if i >= 0 {
			sum += time.Since(began)
		}
		if err := n.close(ctx); err != nil {
			return 0, err
		}
	}
	return float64(sum) / float64(batches*batch), nil
}

// storm crashes children at once: nanoseconds until the last is up again and the supervisor has taken it.
func storm(ctx context.Context, n nursery, g *gate, children int) (float64, error) {
	if err := n.open(ctx, children); err != nil {
		return 0, err
	}
	runtime.GC()
	g.expect(children)
	began := time.Now()
	for i := range children {
		n.crash(i)
	}
	g.await()
	err := n.settle(ctx)
	took := time.Since(began)
	if err != nil {
		return 0, err
	}
	return float64(took), n.close(ctx)
}

// starts starts children one after the other: nanoseconds a child.
func starts(ctx context.Context, n nursery, children int) (float64, error) {
	if err := n.open(ctx, 0); err != nil {
		return 0, err
	}
	runtime.GC()
	began := time.Now()
	err := n.spawn(ctx, children)
	took := time.Since(began)
	if err != nil {
		return 0, err
	}
	return float64(took) / float64(children), n.close(ctx)
}

// sizes starts children and leaves them at rest: bytes a child, the supervisor's share included.
func sizes(ctx context.Context, n nursery, children int) (float64, error) {
	if err := n.open(ctx, 0); err != nil {
		return 0, err
	}
	before := live()
	if err := n.spawn(ctx, children); err != nil {
		return 0, err
	}
	after := live()
	return (after - before) / float64(children), n.close(ctx)
}

// live is the memory in use after a collection, heap and stacks. The second collection takes what pools had kept.
func live() float64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc + m.StackInuse)
}
