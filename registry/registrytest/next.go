package registrytest

import (
	"context"
	"strings"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// Next implements [registry.Source]. Like etcd, it waits in silence for an index
// that lies in the future, as that of a registry that lost its data does.
func (m *Memory) Next(ctx context.Context, directory string, after registry.Index) (registry.Change, error) {
	limit := time.NewTimer(m.cfg.Wait)
	defer limit.Stop()
	for {
		change, found, moved, err := m.poll(ctx, directory, after)
		if err != nil || found {
			return change, err
		}
		timer := time.NewTimer(m.untilExpiry())
		select {
		case <-moved:
		case <-timer.C:
		case <-limit.C:
			err = registry.ErrQuiet
		case <-ctx.Done():
			err = ctx.Err()
		}
		timer.Stop()
		if err != nil {
			return registry.Change{}, err
		}
	}
}

// poll looks for a change, and returns what to wait for when there is none.
func (m *Memory) poll(
	ctx context.Context, directory string, after registry.Index,
) (change registry.Change, found bool, moved <-chan struct{}, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.begin(ctx); err != nil {
		return registry.Change{}, false, nil, err
	}
	if len(m.history) > 0 && after+1 < m.history[0].change.Index {
		return registry.Change{}, false, nil, registry.ErrHistoryLost
	}
	for _, e := range m.history {
		if e.change.Index > after && !e.refresh && strings.HasPrefix(e.change.Entry.Key, directory) {
			change := e.change
			change.Head, change.Cluster = m.index, m.cfg.Cluster
			return change, true, nil, nil
		}
	}
	return registry.Change{}, false, m.moved, nil
}

// untilExpiry is how long nothing expires; expiry is noticed by calls only.
func (m *Memory) untilExpiry() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dueAt.IsZero() {
		return m.cfg.Wait
	}
	return time.Until(m.dueAt)
}
