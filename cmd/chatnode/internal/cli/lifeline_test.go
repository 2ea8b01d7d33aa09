package cli

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"
)

// fakeCommand runs until ctx ends, and then for as long as it is told.
type fakeCommand struct {
	role
	stopping time.Duration
}

func (c fakeCommand) run(ctx context.Context, _ *session) error {
	<-ctx.Done()
	time.Sleep(c.stopping)
	return nil
}

func TestLifelineEndsTheCommand(t *testing.T) {
	for _, row := range []struct {
		name     string
		stopping time.Duration
		left     bool
	}{
		{"a command that stops at once", 0, false},
		{"a command that needs its grace", lifelineGrace - time.Millisecond, false},
		{"a command that is stuck", time.Hour, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				reader, writer := io.Pipe()
				begin := time.Now()
				time.AfterFunc(time.Minute, func() { _ = writer.Close() })
				err := attend(t.Context(), fakeCommand{role{Lifeline: true}, row.stopping}, nil, reader)
				took := time.Since(begin) - time.Minute
				if got := err != nil; got != row.left {
					t.Errorf("left behind: got %v (%v), want %v", got, err, row.left)
				}
				if want := min(row.stopping, lifelineGrace); took != want {
					t.Errorf("time after the lifeline's end: got %v, want %v", took, want)
				}
				time.Sleep(row.stopping) // what was left behind ends inside the bubble
			})
		})
	}
}

func TestWithoutLifelineStandardInputIsNotRead(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := attend(ctx, fakeCommand{}, nil, unreadable{t}); err != nil {
		t.Errorf("attend: got %v, want nil", err)
	}
}

// unreadable fails the test that reads it.
type unreadable struct{ t *testing.T }

func (u unreadable) Read([]byte) (int, error) {
	u.t.Error("standard input: got a read, want none")
	return 0, errors.ErrUnsupported
}
