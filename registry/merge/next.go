package merge

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// Next waits for the first change that shows after the given index, within
// Config.Wait.
func (s *Source) Next(ctx context.Context, directory string, after registry.Index) (registry.Change, error) {
	limit, cancel := context.WithTimeout(ctx, s.cfg.Wait)
	defer cancel()
	for {
		if err := ctx.Err(); err != nil {
			return registry.Change{}, fmt.Errorf("merge: next %s: %w", directory, err)
		}
		c, found, err := s.recall(directory, after)
		if found {
			return c, nil
		}
		if err == nil {
			err = s.follow(limit, directory, after)
		}
		if errors.Is(err, registry.ErrHistoryLost) && s.unlisted(directory) {
			// Nobody knows yet from where to watch.
			_, err = s.List(limit, directory)
		}
		switch {
		case ctx.Err() != nil:
			return registry.Change{}, fmt.Errorf("merge: next %s: %w", directory, ctx.Err())
		case limit.Err() != nil || errors.Is(err, registry.ErrQuiet):
			return registry.Change{}, registry.ErrQuiet
		case err != nil:
			return registry.Change{}, fmt.Errorf("merge: next %s: %w", directory, err)
		}
	}
}

// unlisted reports whether a directory has never been listed.
func (s *Source) unlisted(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !slices.ContainsFunc(s.directory(name).members, func(m memory) bool { return m.known })
}

// recall is the first change that is known already.
func (s *Source) recall(directory string, after registry.Index) (registry.Change, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, found, err := s.history.After(directory, after)
	c.Cluster = s.directory(directory).cluster(&s.cfg)
	return c, found, err
}

// news is how the watch of one member ended.
type news struct {
	member int
	change registry.Change
	err    error
}

// follow watches the members once, until one of them has something to say or one
// that failed may be asked again. It waits for all that it started.
func (s *Source) follow(ctx context.Context, directory string, after registry.Index) error {
	watching, stop := context.WithCancel(ctx)
	defer stop()
	round, cursors, late := s.plan(directory, after, time.Now())
	if late {
		return nil
	}
	results := make(chan news, len(round.watched))
	for i, member := range round.watched {
		go func() {
			c, err := safely(func() (registry.Change, error) {
				return s.cfg.Members[member].Source.Next(watching, directory, cursors[i])
			})
			results <- news{member, c, err}
		}()
	}
	again := time.NewTimer(round.pause)
	defer again.Stop()
	left := len(round.watched)
	var decided error
	for done := false; !done; {
		select {
		case n := <-results:
			left--
			switch done, decided = s.hear(watching, directory, n); {
			case done:
			case left == 0: // and whoever was left out had failed before
				done, decided = true, s.allFailed(directory)
			default:
				again.Reset(s.pause(directory, time.Now()))
			}
		case <-again.C:
			done = true // somebody who failed before may be asked again
		case <-ctx.Done():
			done = true
		}
	}
	stop()
	for range left {
		if _, err := s.hear(watching, directory, <-results); errors.Is(err, registry.ErrHistoryLost) {
			decided = err
		}
	}
	return decided
}

// round is who is watched, and for how long before somebody who failed may join.
type round struct {
	watched []int
	pause   time.Duration
}

// plan chooses whom to watch, and from where. One who failed is left out for a
// while, but not while nobody else is there: then the caller decides the pace. It is
// late when another call has just read what this one would wait for: the cursors are
// past it already.
func (s *Source) plan(name string, after registry.Index, now time.Time) (_ round, _ []registry.Index, late bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, found, err := s.history.After(name, after); found || err != nil {
		return round{}, nil, true
	}
	d := s.directory(name)
	r := round{pause: s.cfg.Wait}
	var cursors []registry.Index
	well := false
	for i := range d.members {
		well = well || d.counts(i, s.cfg.Mode) && d.members[i].watch.err == nil
	}
	for i := range d.members {
		m := &d.members[i]
		if !d.counts(i, s.cfg.Mode) {
			continue
		}
		if left := m.watch.again.Sub(now); well && m.watch.err != nil && left > 0 {
			r.pause = min(r.pause, left)
			continue
		}
		if m.watch.err != nil && m.watch.tried.IsZero() {
			m.watch.tried = now
		}
		r.watched = append(r.watched, i)
		cursors = append(cursors, m.cursor)
	}
	return r, cursors, false
}

// pause is how long nobody who failed, and is not watched again already, may be
// asked again.
func (s *Source) pause(name string, now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, pause := s.directory(name), s.cfg.Wait
	for i := range d.members {
		if w := d.members[i].watch; w.err != nil && w.tried.IsZero() && d.counts(i, s.cfg.Mode) {
			pause = min(pause, max(0, w.again.Sub(now)))
		}
	}
	return pause
}

// settle takes the end of a watch that was told to end.
func (s *Source) settle(directory string, n news) {
	s.report(directory, n.member, func(m *memory) {
		if tried := m.watch.tried; !tried.IsZero() && time.Since(tried) >= settled && errors.Is(n.err, context.Canceled) {
			m.watch = watch{}
		}
	})
}

// settled is for how long a member is watched again after a failure until it counts
// as well although its watch had nothing to say: in a round that others end, it may
// never come to its own end.
const settled = 5 * time.Second

// hear takes the end of one watch, and says whether that ends the round, and with
// what error. A watch that failed does not: the others go on.
func (s *Source) hear(watching context.Context, directory string, n news) (done bool, err error) {
	toldToEnd := watching.Err() != nil
	if toldToEnd {
		s.settle(directory, n)
	}
	switch {
	case n.err == nil:
		s.report(directory, n.member, func(m *memory) { m.watch = watch{} })
		s.apply(directory, n.member, n.change)
		return true, nil
	case errors.Is(n.err, registry.ErrHistoryLost):
		return true, s.named(n.member, n.err)
	case toldToEnd:
		return true, nil //nolint:nilerr // it did as it was told
	case errors.Is(n.err, registry.ErrQuiet):
		s.report(directory, n.member, func(m *memory) { m.watch = watch{} })
		return true, registry.ErrQuiet
	}
	s.report(directory, n.member, func(m *memory) {
		m.watch.failures++
		m.watch.err, m.watch.tried = n.err, time.Time{}
		m.watch.again = time.Now().Add(s.cfg.Backoff.Delay(m.watch.failures, rand.Float64()))
	})
	return false, nil
}

// apply puts a change of one member into the books.
func (s *Source) apply(name string, member int, c registry.Change) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.directory(name)
	switch m := &d.members[member]; {
	case !m.changed(d, c):
	case c.Kind == registry.ChangeDirectory:
		s.history.Append(d.name, registry.Change{Kind: c.Kind, Entry: registry.Entry{Key: d.name}})
	default:
		s.show(d, member, c)
	}
}

// allFailed is what is wrong with everybody who counts, in one line.
func (s *Source) allFailed(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.directory(name)
	var wrong []error
	for i := range d.members {
		if err := d.members[i].watch.err; err != nil && d.counts(i, s.cfg.Mode) {
			wrong = append(wrong, s.named(i, err))
		}
	}
	return oneLine(wrong)
}
