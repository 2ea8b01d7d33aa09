package cluster

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestAwait(t *testing.T) {
	ready := func(b *board) bool { return b.ready["etcd"] }
	for _, row := range []struct {
		name  string
		play  func(j *journal, cancel func())
		after time.Duration
		check func(error) bool
	}{
		{
			"it comes", func(j *journal, _ func()) { j.add(processReady{Name: "etcd"}) }, time.Second,
			func(err error) bool { return err == nil },
		},
		{"it does not come", func(*journal, func()) {}, time.Minute, func(err error) bool {
			return errors.Is(err, errTimeLimit) && strings.Contains(err.Error(), "1m0s")
		}},
		{
			"the context ends", func(_ *journal, cancel func()) { cancel() }, time.Second,
			func(err error) bool { return errors.Is(err, context.Canceled) },
		},
		{"a process cannot start", func(j *journal, _ func()) {
			j.add(processFailed{Name: "store", Reason: "it failed"})
		}, time.Second, func(err error) bool { return err != nil && err.Error() == "store could not start: it failed" }},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				j := newJournal(nil, func(event) {})
				began := time.Now()
				time.AfterFunc(time.Second, func() {
					j.add(processReady{Name: "store"}) // not what is waited for
					row.play(j, cancel)
				})
				err := j.await(ctx, time.Minute, ready)
				if !row.check(err) || time.Since(began) != row.after {
					t.Errorf("await: got %v after %v, want it after %v", err, time.Since(began), row.after)
				}
			})
		})
	}
}

func TestClosedJournalRecordsNothingMore(t *testing.T) {
	j := newJournal([]string{"node-1"}, func(event) {})
	j.add(processStarted{Name: "node-1", Role: roleNode, PID: 7})
	recorded := j.finish()
	j.add(processExited{Name: "node-1", Role: roleNode})
	if len(recorded) != 1 || len(j.finish()) != 1 {
		t.Errorf("record after it was closed: got %d events, want 1", len(j.finish()))
	}
	j.look(func(b *board) {
		if b.pids["node-1"] != 0 {
			t.Error("board of a closed journal: got a dead node's pid, want it to go on")
		}
	})
}
