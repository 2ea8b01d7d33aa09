package registrytest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// Config tunes a [Memory]. The zero value is usable.
type Config struct {
	// History is how many changes are remembered; 0 means 1000, as etcd has.
	History int
	// Wait is the time limit of one Next; 0 means a minute.
	Wait time.Duration
	// Cluster is what listings say; empty means "memory".
	Cluster string
}

func (c Config) withDefaults() Config {
	if c.History <= 0 {
		c.History = 1000
	}
	if c.Wait <= 0 {
		c.Wait = time.Minute
	}
	if c.Cluster == "" {
		c.Cluster = "memory"
	}
	return c
}

// Memory is a registry in memory. It implements [registry.Source] and
// [registry.Writer].
type Memory struct {
	cfg Config

	mu      sync.Mutex
	nodes   map[string]node
	folders map[string]struct{} // directories that ever had a key; like etcd's, they stay
	dueAt   time.Time           // nothing expires before; zero: nothing expires at all
	index   registry.Index
	history []event       // the newest ones, oldest first
	moved   chan struct{} // closed at every event and every Fail
	failure error
}

// node is one key.
type node struct {
	value   string
	index   registry.Index
	expires time.Time // zero: never
}

// event is one step of the history.
type event struct {
	change  registry.Change
	refresh bool // wakes nobody
}

// NewMemory returns an empty registry.
func NewMemory(cfg Config) *Memory {
	return &Memory{
		cfg: cfg.withDefaults(), nodes: make(map[string]node), folders: make(map[string]struct{}),
		moved: make(chan struct{}),
	}
}

// Put writes any bytes under any key, as a hostile or broken client may: no
// precondition, nothing checked. A ttl of 0 means that the key never expires.
func (m *Memory) Put(key, raw string, ttl time.Duration) registry.Entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.expire()
	return m.put(key, raw, ttl)
}

// List implements [registry.Source].
func (m *Memory) List(ctx context.Context, directory string) (registry.Listing, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.begin(ctx); err != nil {
		return registry.Listing{}, err
	}
	_, there := m.folders[directory]
	l := registry.Listing{Index: m.index, Cluster: m.cfg.Cluster, Missing: !there}
	for key, n := range m.nodes {
		id, ok := registry.SplitKey(directory, key)
		if ok && !strings.HasPrefix(id, "_") {
			l.Entries = append(l.Entries, n.entry(key))
		}
	}
	slices.SortFunc(l.Entries, func(a, b registry.Entry) int { return cmp.Compare(a.Key, b.Key) })
	return l, nil
}

// Get implements [registry.Source].
func (m *Memory) Get(ctx context.Context, key string) (registry.Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.begin(ctx); err != nil {
		return registry.Entry{}, err
	}
	n, there := m.nodes[key]
	if !there {
		return registry.Entry{}, registry.ErrNotFound
	}
	return n.entry(key), nil
}

// Create implements [registry.Writer].
func (m *Memory) Create(ctx context.Context, key, value string, ttl time.Duration) (registry.Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.begin(ctx); err != nil {
		return registry.Entry{}, err
	}
	if err := checkTTL(ttl); err != nil {
		return registry.Entry{}, err
	}
	if _, there := m.nodes[key]; there {
		return registry.Entry{}, registry.ErrExists
	}
	return m.put(key, value, ttl), nil
}

// Refresh implements [registry.Writer].
func (m *Memory) Refresh(ctx context.Context, key string, ttl time.Duration) (registry.Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.begin(ctx); err != nil {
		return registry.Entry{}, err
	}
	if err := checkRenewal(ttl); err != nil {
		return registry.Entry{}, err
	}
	n, there := m.nodes[key]
	if !there {
		return registry.Entry{}, registry.ErrNotFound
	}
	m.index++
	n.index, n.expires = m.index, deadline(ttl)
	m.nodes[key] = n
	m.expectExpiry(n.expires)
	e := n.entry(key)
	m.record(event{change: registry.Change{Kind: registry.ChangePut, Entry: e, Index: m.index}, refresh: true})
	return e, nil
}

// Swap implements [registry.Writer].
func (m *Memory) Swap(ctx context.Context, key, value string, ttl time.Duration, previous registry.Index) (registry.Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := checkTTL(ttl); err != nil {
		return registry.Entry{}, err
	}
	if err := m.compare(ctx, key, previous); err != nil {
		return registry.Entry{}, err
	}
	return m.put(key, value, ttl), nil
}

// Delete implements [registry.Writer].
func (m *Memory) Delete(ctx context.Context, key string, previous registry.Index) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.compare(ctx, key, previous); err != nil {
		return err
	}
	m.remove(key, registry.ChangeDeleted)
	return nil
}

// begin is what every call starts with, under the lock.
func (m *Memory) begin(ctx context.Context) error {
	m.expire()
	if err := ctx.Err(); err != nil {
		return err
	}
	return m.failure
}

func (m *Memory) compare(ctx context.Context, key string, previous registry.Index) error {
	if err := m.begin(ctx); err != nil {
		return err
	}
	switch n, there := m.nodes[key]; {
	case !there:
		return registry.ErrNotFound
	case n.index != previous:
		return registry.ErrConflict
	}
	return nil
}

func (m *Memory) put(key, value string, ttl time.Duration) registry.Entry {
	m.index++
	change := registry.Change{Kind: registry.ChangePut, Index: m.index}
	if old, there := m.nodes[key]; there {
		previous := old.entry(key)
		change.Previous = &previous
	}
	n := node{value: value, index: m.index, expires: deadline(ttl)}
	m.nodes[key] = n
	m.remember(key)
	m.expectExpiry(n.expires)
	change.Entry = n.entry(key)
	m.record(event{change: change})
	return change.Entry
}

// remember notes the directories that a key lies in.
func (m *Memory) remember(key string) {
	for i := range len(key) {
		if key[i] == '/' {
			m.folders[key[:i+1]] = struct{}{}
		}
	}
}

func (m *Memory) remove(key string, kind registry.ChangeKind) {
	previous := m.nodes[key].entry(key)
	delete(m.nodes, key)
	m.index++
	m.record(event{change: registry.Change{
		Kind: kind, Entry: registry.Entry{Key: key, Index: m.index}, Previous: &previous, Index: m.index,
	}})
}

func (m *Memory) record(e event) {
	m.history = append(m.history, e)
	if extra := len(m.history) - m.cfg.History; extra > 0 {
		m.history = m.history[extra:]
	}
	m.wake()
}

func (m *Memory) wake() {
	close(m.moved)
	m.moved = make(chan struct{})
}

// expire removes what is due, in the order in which it became due.
func (m *Memory) expire() {
	now := time.Now()
	if m.dueAt.IsZero() || m.dueAt.After(now) {
		return
	}
	m.dueAt = time.Time{}
	var due []string
	for key, n := range m.nodes {
		if !n.expires.IsZero() && !n.expires.After(now) {
			due = append(due, key)
			continue
		}
		m.expectExpiry(n.expires)
	}
	slices.SortFunc(due, func(a, b string) int {
		return cmp.Or(m.nodes[a].expires.Compare(m.nodes[b].expires), cmp.Compare(a, b))
	})
	for _, key := range due {
		m.remove(key, registry.ChangeExpired)
	}
}

func (m *Memory) expectExpiry(at time.Time) {
	if !at.IsZero() && (m.dueAt.IsZero() || at.Before(m.dueAt)) {
		m.dueAt = at
	}
}

// checkTTL refuses what etcd v2 refuses.
func checkTTL(ttl time.Duration) error {
	if ttl < 0 {
		return fmt.Errorf("registrytest: TTL %v is negative", ttl)
	}
	return nil
}

// checkRenewal refuses a renewal for ever: the caller of etcd's would lose the TTL.
func checkRenewal(ttl time.Duration) error {
	if ttl == 0 {
		return errors.New("registrytest: a renewal needs a TTL: give at least a second")
	}
	return checkTTL(ttl)
}

// deadline rounds a TTL up to whole seconds, as etcd v2 does.
func deadline(ttl time.Duration) time.Time {
	if ttl <= 0 {
		return time.Time{}
	}
	return time.Now().Add(wholeSeconds(ttl))
}

func wholeSeconds(d time.Duration) time.Duration {
	return (d + time.Second - 1).Truncate(time.Second)
}

// entry is the node as an answer shows it, with the TTL that is left.
func (n node) entry(key string) registry.Entry {
	e := registry.Entry{Key: key, Value: n.value, Index: n.index}
	if !n.expires.IsZero() {
		e.TTL = max(wholeSeconds(time.Until(n.expires)), time.Second)
	}
	return e
}
