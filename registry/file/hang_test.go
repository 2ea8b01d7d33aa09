package file

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestFileSystemThatHangs: somebody has the turn and does not come back. Every call
// ends with its limit or its context, and the next answer comes when it can.
func TestFileSystemThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := New(Config{Root: t.TempDir()})
		if err != nil {
			t.Fatalf("New: got %v, want no error", err)
		}
		s.turn <- struct{}{}
		for name, call := range map[string]func(context.Context) error{
			"list": func(ctx context.Context) error { _, err := s.List(ctx, "/a/"); return err },
			"get":  func(ctx context.Context) error { _, err := s.Get(ctx, "/a/b"); return err },
			"next": func(ctx context.Context) error { _, err := s.Next(ctx, "/a/", 1); return err },
		} {
			begin := time.Now()
			if err := call(t.Context()); err == nil || !strings.Contains(err.Error(), "hangs") || time.Since(begin) != DefaultTimeout {
				t.Errorf("%s: got %v after %v, want it to say so after %v", name, err, time.Since(begin), DefaultTimeout)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if err := call(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s with a deadline: got %v, want %v", name, err, context.DeadlineExceeded)
			}
			cancel()
		}
		<-s.turn
		if l, err := s.List(t.Context(), "/a/"); err != nil || !l.Missing {
			t.Errorf("list when it is back: got %+v, %v, want a missing folder", l, err)
		}
	})
}
