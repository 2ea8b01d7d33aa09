package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// errTimeLimit is an act's wait that ran into its limit.
var errTimeLimit = errors.New("time limit")

// journal is the one place where everything that is seen in an act arrives. It
// owns the record and the board; whoever wants to know asks it. Safe for
// concurrent use; it calls nobody while it holds its lock.
type journal struct {
	tell func(event) // what the progress lines are made of

	mu     sync.Mutex
	board  *board
	events []event
	closed bool
	wake   chan struct{} // closed and replaced by every event
}

func newJournal(nodes []string, tell func(event)) *journal {
	return &journal{tell: tell, board: newBoard(nodes), wake: make(chan struct{})}
}

// add takes one event in. Once the journal is closed the board goes on, so that
// a cluster that is kept can still be watched, but nothing is recorded.
func (j *journal) add(e event) {
	j.mu.Lock()
	if !j.closed {
		j.events = append(j.events, e)
	}
	j.board.apply(e)
	close(j.wake)
	j.wake = make(chan struct{})
	j.mu.Unlock()
	j.tell(e)
}

// look calls f with the board, which f must not keep.
func (j *journal) look(f func(*board)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	f(j.board)
}

// finish ends the recording and returns what was recorded.
func (j *journal) finish() []event {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.closed = true
	return j.events
}

// await waits until the board satisfies done. It ends with ctx's error, with
// the process that cannot be started, or with [errTimeLimit] after limit.
func (j *journal) await(ctx context.Context, limit time.Duration, done func(*board) bool) error {
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	for {
		j.mu.Lock()
		wake, failed, yes := j.wake, j.board.failed, done(j.board)
		j.mu.Unlock()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case failed != nil:
			return &startError{name: failed.Name, log: failed.Name, reason: "could not start: " + failed.Reason}
		case yes:
			return nil
		}
		select {
		case <-wake:
		case <-ctx.Done():
		case <-deadline.C:
			return fmt.Errorf("%w of %s", errTimeLimit, limit)
		}
	}
}

// startError is a process that cannot be started or does not become ready.
type startError struct {
	name, reason string
	log          string // whose log says more
}

func (e *startError) Error() string { return e.name + " " + e.reason }
