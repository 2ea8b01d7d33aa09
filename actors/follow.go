package actors

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// Next waits until a service's snapshot is another one than the given, and
// returns the newest. Nil stands for none: then the first one is returned as soon
// as something is known, from the registry or from disk. Calling Next with a
// snapshot says that it has been dealt with; what came and went meanwhile is not
// delivered any more, so nobody can fall behind by more than one.
//
// The error says that the service is not watched, that the runtime has stopped
// ([ErrNotRunning]), or is the context's.
func (r *Runtime) Next(ctx context.Context, name string, after *registry.Snapshot) (*registry.Snapshot, error) {
	s, watched := r.byName[name]
	if !watched {
		return nil, fmt.Errorf("actors: follow %s: it is not watched", name)
	}
	for {
		published := s.published.wait()
		if snapshot := s.snapshot.Load(); snapshot != after && s.known.Load() {
			return snapshot, nil
		}
		select {
		case <-published:
		case <-r.finished:
			return nil, fmt.Errorf("actors: follow %s: %w", name, ErrNotRunning)
		case <-ctx.Done():
			return nil, fmt.Errorf("actors: follow %s: %w", name, ctx.Err())
		}
	}
}

// Age returns how long ago the registry last confirmed what is believed of a
// service. It reports false when it never did, or the service is not watched.
func (r *Runtime) Age(name string) (time.Duration, bool) {
	s, watched := r.byName[name]
	if !watched {
		return 0, false
	}
	confirmed := s.contact.Load().confirmed
	return time.Since(confirmed), !confirmed.IsZero()
}

// follower takes every snapshot of a service as it is published, in order, in the
// watcher's turn: it must not wait.
type follower interface {
	follow(snapshot *registry.Snapshot)
}

// followers are those of one service.
type followers struct {
	mu  sync.Mutex // held while they are told, so that each is told in order
	all []follower
}

// publish makes a snapshot the one that everybody reads.
func (s *service) publish(snapshot *registry.Snapshot) {
	s.followers.mu.Lock()
	s.snapshot.Store(snapshot)
	for _, f := range s.followers.all {
		f.follow(snapshot)
	}
	s.followers.mu.Unlock()
	s.known.Store(true)
	s.published.wake()
}

// confirm says that the snapshot that everybody reads is true, though it is empty
// and was there before anything was known.
func (s *service) confirm() {
	if !s.known.Swap(true) {
		s.published.wake()
	}
}

// join tells a follower of the newest snapshot, and from now on of all.
func (s *service) join(f follower) {
	s.followers.mu.Lock()
	defer s.followers.mu.Unlock()
	f.follow(s.snapshot.Load())
	s.followers.all = append(s.followers.all, f)
}

// leave ends it. The follower is not told any more when it returns.
func (s *service) leave(f follower) {
	s.followers.mu.Lock()
	defer s.followers.mu.Unlock()
	if at := slices.Index(s.followers.all, f); at >= 0 {
		s.followers.all = slices.Delete(s.followers.all, at, at+1)
	}
}
