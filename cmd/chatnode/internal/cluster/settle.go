package cluster

import (
	"context"
	"errors"
	"time"
)

// stage is one thing that an act waits for after the poison.
type stage struct {
	limit time.Duration
	done  func(*board) bool
	// note says in words that it did not come.
	note func(*board) string
}

// stages are what is expected after the cut, in order; the last one says that
// everything is back.
func (a *act) stages() []stage {
	return []stage{
		{
			storeLimit,
			func(b *board) bool { return !b.poison.stored.At.IsZero() },
			func(*board) string { return "the cut announcement left no bad record in etcd" },
		},
		{
			a.cfg.Poison + healLimit,
			func(b *board) bool { return b.poison.over() },
			func(*board) string { return a.layout.joiner.name + " did not announce itself again" },
		},
		{
			recoverLimit + 2*a.cfg.Boot + a.cfg.connectTime(),
			(*board).recovered,
			func(b *board) string { return "not recovered: " + b.missing() },
		},
	}
}

// settle waits for the heal and for everything to be back. A limit that passes
// here is a note in the results: the act ran, and that is what it showed.
func (a *act) settle(ctx context.Context) error {
	for _, s := range a.stages() {
		err := a.journal.await(ctx, s.limit, s.done)
		a.settled = err == nil
		if err != nil && !errors.Is(err, errTimeLimit) {
			return err
		}
		if err != nil {
			text := ""
			a.journal.look(func(b *board) { text = s.note(b) })
			a.note("%s (%v)", text, err)
		}
	}
	if a.settled {
		a.say("everything is back")
	}
	return nil
}
