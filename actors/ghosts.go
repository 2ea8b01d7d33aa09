package actors

import (
	"slices"
	"sync"
	"sync/atomic"
)

// ghosts are what was abandoned and has not ended since, by path. They belong
// to the tree: they may outlive the supervisor that gave up on them, and then
// disturb a child of its successor.
type ghosts struct {
	paths atomic.Int64 // how many there are, so that a tree without any pays nothing

	mu     sync.Mutex
	byPath map[string][]runner
}

func (g *ghosts) add(path string, r runner) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.byPath == nil {
		g.byPath = make(map[string][]runner)
	}
	g.byPath[path] = append(g.byPath[path], r)
	g.paths.Store(int64(len(g.byPath)))
}

// haunt tells them who has their name now, if that is a process.
func (g *ghosts) haunt(path string, successor *process) {
	g.prune(path, func(r runner) bool { return r.haunts(successor) })
}

// forget lets go of those that have ended.
func (g *ghosts) forget(path string) { g.prune(path, runner.isLost) }

func (g *ghosts) prune(path string, remains func(runner) bool) {
	if g.paths.Load() == 0 {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	kept := slices.DeleteFunc(g.byPath[path], func(r runner) bool { return !remains(r) })
	if len(kept) > 0 {
		g.byPath[path] = kept
	} else {
		delete(g.byPath, path)
	}
	g.paths.Store(int64(len(g.byPath)))
}

func (g *ghosts) count(path string) (lost int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, r := range g.byPath[path] {
		if r.isLost() {
			lost++
		}
	}
	return lost
}
