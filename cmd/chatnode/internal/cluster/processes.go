package cluster

import (
	"slices"
	"sync"
)

// processes are those of one act. Safe for concurrent use: acts start them, and so
// may whoever watches.
type processes struct {
	mu   sync.Mutex
	list []*process
}

func (p *processes) add(one *process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.list = append(p.list, one)
}

func (p *processes) all() []*process {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.list)
}

// named finds a process, or returns nil.
func (p *processes) named(name string) *process {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, one := range p.list {
		if one.spec.Name == name {
			return one
		}
	}
	return nil
}
