package registrytest

import "time"

// Fail makes every call fail with err, also those that wait, until it is called
// with nil. Time goes on meanwhile: keys expire.
func (m *Memory) Fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.failure = err
	m.wake()
}

// Forget loses everything, as a registry does whose disk is gone: keys, history,
// and the index, which begins at 0 again. From then on it says that it is the
// given cluster; empty means the one it was.
func (m *Memory) Forget(cluster string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if cluster != "" {
		m.cfg.Cluster = cluster
	}
	clear(m.nodes)
	clear(m.folders)
	m.index, m.history, m.dueAt = 0, nil, time.Time{}
}
