package rest

import (
	"testing"
	"time"
)

func TestWindow(t *testing.T) {
	now := time.UnixMilli(1_700_000_000_000)
	l := limit{count: 2, per: time.Second}
	var w window
	for i, row := range []struct {
		at   time.Duration
		ok   bool
		left int
	}{
		{0, true, 1},
		{10 * time.Millisecond, true, 0},
		{999 * time.Millisecond, false, 0}, // still inside
		{time.Second, true, 1},             // the end belongs to the next window
		{1500 * time.Millisecond, true, 0},
		{1999 * time.Millisecond, false, 0},
		{9 * time.Second, true, 1},
	} {
		var v verdict
		w, v = w.take(l, now.Add(row.at))
		if v.ok != row.ok || v.left != row.left || !v.ends.After(now.Add(row.at)) {
			t.Errorf("call %d at %v: got %v with %d left until %v, want %v with %d", i, row.at, v.ok, v.left, v.ends, row.ok, row.left)
		}
	}
}

// The number of windows is bounded, and ended ones make room.
func TestWindowsAreBounded(t *testing.T) {
	now := time.UnixMilli(1_700_000_000_000)
	ls, l := newLimits(), limit{count: 1, per: time.Minute}
	for user := range uint64(maxWindows) {
		if v := ls.take(bucket{user: user}, l, now); !v.ok {
			t.Fatalf("user %d: refused, want room", user)
		}
	}
	if v := ls.take(bucket{user: maxWindows}, l, now.Add(time.Second)); v.ok || len(ls.windows) > maxWindows {
		t.Errorf("one user more: got %v and %d windows, want it refused", v.ok, len(ls.windows))
	}
	if v := ls.take(bucket{user: maxWindows}, l, now.Add(time.Minute)); !v.ok || len(ls.windows) != 1 {
		t.Errorf("once they have ended: got %v and %d windows, want room", v.ok, len(ls.windows))
	}
}
