package etcd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/etcdv2"
	"github.com/firebreak-go/firebreak/registry/registrytest"
)

func TestClusterConforms(t *testing.T) {
	c := startMembers(t)
	registrytest.Run(t, func(t *testing.T) registrytest.Registry {
		t.Helper()
		return underTest(t, c.urls()...)
	})
}

// The leader is killed under a stream of writes. A bare watch reads each of them
// once and in order; a runtime on the leader and one on another member lose
// nothing and believe no departure; what is announced goes on being renewed.
func TestLeaderLoss(t *testing.T) {
	c := startMembers(t)
	leader := c.leader(t)
	writer := c.connect(t, leader)
	announced := c.announce(t, leader)
	onLeader, onOther := c.follow(t, leader, 0), c.follow(t, c.other(leader), 0)
	l, err := writer.List(t.Context(), directory)
	if err != nil || len(l.Entries) != 1 {
		t.Fatalf("list: got %d entries and error %v, want the announced one", len(l.Entries), err)
	}
	const writes, before = 60, 20
	changes := make(chan []string, 1)
	go func() { changes <- readPuts(t.Context(), c.connect(t, leader), l.Index, record(writes-1)) }()
	want := make([]string, 0, writes)
	for i := range writes {
		if i == before {
			leader.kill()
		}
		put(t, writer, i)
		want = append(want, record(i))
	}
	if got := <-changes; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("puts that a watch read: got\n%v\nwant\n%v", got, want)
	}
	for name, f := range map[string]*following{"leader": onLeader, "other member": onOther} {
		f.await(t, writes+1)
		f.expectUndisturbed(t, "runtime that asked the "+name)
	}
	expectRenewed(t, writer, announced)
	onLeader.expectUndisturbed(t, "after the renewal, runtime that asked the leader")
}

// Two of three are killed: every read that needs a quorum fails, nothing that was
// known goes, and one that comes back is enough.
func TestNoQuorum(t *testing.T) {
	c := startMembers(t)
	r := c.connect(t, nil)
	for i := range 3 {
		put(t, r, i)
	}
	f := c.follow(t, nil, 2*time.Second) // a watch on the last member would be silent, and all seem well
	f.await(t, 3)
	c[1].kill()
	c[2].kill()
	for range len(c) + 1 { // one endpoint after the other
		if l, err := r.List(t.Context(), directory); err == nil {
			t.Errorf("list without a quorum: got %d entries at %d, missing %v, want an error", len(l.Entries), l.Index, l.Missing)
		}
		if e, err := r.Get(t.Context(), apiOne); err == nil || errors.Is(err, registry.ErrNotFound) {
			t.Errorf("get without a quorum: got %+v and error %v, want one that says nothing about the key", e, err)
		}
	}
	// It may come to pass later: the member that took it keeps it until there is a quorum.
	if _, err := r.Create(t.Context(), recordKey(3), recordValue(t, 3), 10*time.Minute); err == nil || errors.Is(err, registry.ErrExists) {
		t.Errorf("create without a quorum: got error %v, want one that says nothing about the key", err)
	}
	eventually(t, "a source that counts as stale", func() error {
		if s := f.status(); s.Source != "stale" {
			return fmt.Errorf("source %s", s.Source)
		}
		return nil
	})
	f.expectUndisturbed(t, "without a quorum")
	c.start(t, c[1])
	put(t, r, 3)
	f.await(t, 4)
	f.expectUndisturbed(t, "after one member came back")
	eventually(t, "a source that is live", func() error {
		if s := f.status(); s.Source != "live" {
			return fmt.Errorf("source %s, %s", s.Source, s.Reason)
		}
		return nil
	})
}

// All members are killed and come back on their data: the history goes on where it
// was, which is no amnesia.
func TestRestartOnTheSameData(t *testing.T) {
	c := startMembers(t)
	r := c.connect(t, nil)
	for i := range 5 {
		put(t, r, i)
	}
	f := c.follow(t, nil, 0)
	f.await(t, 5)
	before, err := r.List(t.Context(), directory)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range c {
		m.kill()
	}
	c.start(t, c[:]...)
	var after registry.Listing
	eventually(t, "a listing", func() error { after, err = r.List(t.Context(), directory); return err })
	if after.Index < before.Index || after.Cluster != before.Cluster || len(after.Entries) != len(before.Entries) {
		t.Errorf("listing after the restart: got %d entries at %d of %s, want %d at %d or later of %s",
			len(after.Entries), after.Index, after.Cluster, len(before.Entries), before.Index, before.Cluster)
	}
	put(t, r, 5)
	f.await(t, 6)
	f.expectUndisturbed(t, "after the restart")
	// The history of before is in etcd's memory no more, unless it was replayed:
	// a watch from there goes on, or says that it cannot.
	change, err := r.Next(t.Context(), directory, before.Index)
	if err != nil && !errors.Is(err, registry.ErrHistoryLost) || err == nil && change.Entry.Key != recordKey(5) {
		t.Errorf("watch from before the restart: got %+v and error %v, want the put after it, or a lost history", change, err)
	}
}

func record(i int) string    { return fmt.Sprintf("w-%03d", i) }
func recordKey(i int) string { return directory + record(i) }

func recordValue(t *testing.T, i int) string {
	t.Helper()
	value, err := registry.Encode(registry.Instance{Service: "api", ID: record(i), Host: "10.0.0.7", Port: 4000 + i})
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// put creates a record, however often that takes. One whose answer was lost exists.
func put(t *testing.T, r *etcdv2.Registry, i int) {
	t.Helper()
	value := recordValue(t, i)
	eventually(t, "create of "+record(i), func() error {
		_, err := r.Create(t.Context(), recordKey(i), value, 10*time.Minute)
		if errors.Is(err, registry.ErrExists) {
			return nil
		}
		return err
	})
}

// readPuts follows the history from an index, and asks again from where it is
// whatever goes wrong, until it has read the last record or the test ends. It
// returns the records in the order in which they came.
func readPuts(ctx context.Context, r *etcdv2.Registry, after registry.Index, last string) []string {
	var seen []string
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		change, err := r.Next(ctx, directory, after)
		switch {
		case errors.Is(err, registry.ErrHistoryLost), ctx.Err() != nil:
			return append(seen, err.Error())
		case err != nil:
			<-again.C
			continue
		}
		after = change.Index
		id := strings.TrimPrefix(change.Entry.Key, directory)
		seen = append(seen, id)
		if id == last {
			return seen
		}
	}
}

// following is a runtime that follows the directory, and what it has told.
type following struct {
	runtime *actors.Runtime
	mu      sync.Mutex
	told    map[actors.EventKind]int
}

// follow starts one whose calls go to the first member while that one answers. It
// lists as often as resync says; 0 means as often as it does by default.
func (c *members) follow(t *testing.T, first *member, resync time.Duration) *following {
	t.Helper()
	f := &following{told: make(map[actors.EventKind]int)}
	f.runtime = startRuntime(t, actors.Config{
		Source: c.connect(t, first), Cursor: registry.CursorConfig{Resync: resync}, Observe: f.observe,
	}, func(r *actors.Runtime) error { return r.Watch("api") })
	eventually(t, "first listing", func() error {
		if s := f.status(); s.Source != "live" {
			return errors.New(s.Source)
		}
		return nil
	})
	return f
}

func (f *following) observe(e actors.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.told[e.Kind]++
}

// announce keeps a record in the directory, and returns its key once it is there.
func (c *members) announce(t *testing.T, first *member) string {
	t.Helper()
	r := c.connect(t, first)
	startRuntime(t, actors.Config{Source: r, Writer: r}, func(r *actors.Runtime) error {
		return r.Announce(registry.Instance{Service: "api", ID: "announced", Host: "10.0.0.7", Port: 3999}, announcedTTL)
	})
	eventually(t, "announced record", func() error { _, err := r.Get(t.Context(), directory+"announced"); return err })
	return directory + "announced"
}

const announcedTTL = 9 * time.Second

func startRuntime(t *testing.T, cfg actors.Config, prepare func(*actors.Runtime) error) *actors.Runtime {
	t.Helper()
	r, err := actors.New(cfg)
	if err == nil {
		err = prepare(r)
	}
	if err == nil {
		err = r.Start(t.Context())
	}
	if err != nil {
		t.Fatalf("runtime: got %v, want it started", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		if err := r.Stop(ctx); err != nil {
			t.Errorf("Stop: got %v, want no error", err)
		}
	})
	return r
}

func (f *following) status() actors.ServiceStatus { return f.runtime.Status().Services[0] }

func (f *following) await(t *testing.T, instances int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	if err := f.runtime.WaitReady(ctx, "api", instances); err != nil {
		t.Errorf("WaitReady: got %v, want %d instances", err, instances)
	}
}

// expectUndisturbed: no instance went, and no guard had to hold one.
func (f *following) expectUndisturbed(t *testing.T, who string) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, kind := range []actors.EventKind{
		actors.EventInstanceRemoved, actors.EventInstanceHeld, actors.EventGuardEngaged,
		actors.EventSourceWentBack, actors.EventKeyQuarantined, actors.EventDiverged,
	} {
		if n := f.told[kind]; n != 0 {
			t.Errorf("%s: got %d events %s, want none", who, n, kind)
		}
	}
	if s := f.status(); len(s.Guards) != 0 || s.Epoch != 0 {
		t.Errorf("%s: got guards %+v and epoch %d, want none and the first", who, s.Guards, s.Epoch)
	}
}

// expectRenewed waits until the TTL of a key has grown.
func expectRenewed(t *testing.T, r *etcdv2.Registry, key string) {
	t.Helper()
	least := 2 * announcedTTL
	eventually(t, "renewal of "+key, func() error {
		e, err := r.Get(t.Context(), key)
		if err == nil && e.TTL <= least {
			least, err = e.TTL, fmt.Errorf("TTL %v, which has not grown", e.TTL)
		}
		return err
	})
}
