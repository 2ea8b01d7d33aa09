package cluster

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// scriptedSource answers from a script; at its end it waits for ctx.
type scriptedSource struct {
	listings chan registry.Listing
	changes  chan scriptedChange
	gets     chan registry.Entry
	asked    chan registry.Index
}

func (s *scriptedSource) List(ctx context.Context, _ string) (registry.Listing, error) {
	select {
	case l := <-s.listings:
		return l, nil
	case <-ctx.Done():
		return registry.Listing{}, ctx.Err()
	}
}

func (s *scriptedSource) Next(ctx context.Context, _ string, after registry.Index) (registry.Change, error) {
	s.asked <- after
	select {
	case c := <-s.changes:
		return c.change, c.err
	case <-ctx.Done():
		return registry.Change{}, ctx.Err()
	}
}

func (s *scriptedSource) Get(context.Context, string) (registry.Entry, error) {
	select {
	case e := <-s.gets:
		return e, nil
	default:
		return registry.Entry{}, errors.New("away")
	}
}

type scriptedChange struct {
	change registry.Change
	err    error
}

func put(key, value string, index registry.Index) scriptedChange {
	entry := registry.Entry{Key: key, Value: value, Index: index}
	return scriptedChange{change: registry.Change{Kind: registry.ChangePut, Index: index, Entry: entry}}
}

func TestObserverReportsEachRecordOnce(t *testing.T) {
	good, err := registry.Encode(registry.Instance{Service: "api", ID: "api-4", Host: "h", Port: 1})
	if err != nil {
		t.Fatal(err)
	}
	source := &scriptedSource{
		listings: make(chan registry.Listing, 9), changes: make(chan scriptedChange, 9), gets: make(chan registry.Entry, 9),
		asked: make(chan registry.Index, 99),
	}
	source.listings <- registry.Listing{Index: 5}
	for _, c := range []scriptedChange{
		put("/services/api/api-1", "", 6), // another key
		{err: registry.ErrQuiet},
		put(badKey, "", 7),
		put(badKey, "{", 8), // written again before it could be read back
		{err: registry.ErrHistoryLost},
	} {
		source.changes <- c
	}
	source.gets <- registry.Entry{Key: badKey, Value: "", Index: 7}
	source.gets <- registry.Entry{Key: badKey, Value: good, Index: 9}
	// The listing after the lost history has seen it too.
	source.listings <- registry.Listing{Index: 9, Entries: []registry.Entry{{Key: badKey, Value: good, Index: 9, TTL: time.Minute}}}
	source.changes <- put(badKey, good, 9)

	seen := make(chan event, 99)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	o := &observer{source: source, directory: "/services/api/", key: badKey, id: "api-4", report: func(e event) { seen <- e }}
	go func() {
		defer close(done)
		o.run(ctx)
	}()
	for _, want := range []recordSeen{
		{Key: badKey, Index: 7},
		{Key: badKey, Index: 8, Value: "{"},
		{Key: badKey, Index: 9, Value: good, TTL: time.Minute, Good: true},
	} {
		got, ok := next(t, "record", seen).(recordSeen)
		if !ok || got.At.IsZero() {
			t.Fatalf("record: got %+v, want one with its time", got)
		}
		got.At = time.Time{}
		if got != want {
			t.Errorf("record: got %+v, want %+v", got, want)
		}
	}
	for _, want := range []registry.Index{5, 6, 6, 7, 8, 9, 9} {
		if got := next(t, "call", source.asked); got != want {
			t.Errorf("watch after index: got %d, want %d", got, want)
		}
	}
	cancel()
	next(t, "observer to end", done)
	if len(seen) > 0 {
		t.Errorf("records after the last: got %+v, want none", <-seen)
	}
}
