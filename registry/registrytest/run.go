package registrytest

import (
	"context"
	"crypto/rand"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// patience limits what a case waits for, in the backend's time.
const patience = 30 * time.Second

// Registry is a backend under test, and what the suite must know of it beside
// its methods. Only Source and Writer are required, or Source, Put and Remove.
type Registry struct {
	// Source and Writer read and write the same keys; often they are one value.
	// The time limit of one Next should be short: a case waits until it is over.
	//
	// Writer is nil for a source that somebody else writes. Then Put and Remove do
	// that, the source is asked after each of them, and the cases of renewals are
	// skipped.
	Source registry.Source
	Writer registry.Writer
	// Put writes any bytes under a key without precondition, as a hostile client
	// does; nil means that the backend has no such write, and its cases are skipped.
	Put func(ctx context.Context, key, raw string, ttl time.Duration) error
	// Remove deletes a key without precondition. Only a source without Writer needs it.
	Remove func(ctx context.Context, key string) error
	// NoTTL says that a key lives until it is removed, whatever TTL it is written
	// with; the cases of expiry and renewals are skipped.
	NoTTL bool
	// Pass lets time go by for the backend's TTLs; nil means time.Sleep, which is
	// instant in a bubble.
	Pass func(time.Duration)
	// Directory is where the cases write, with a slash at its end; empty means a
	// fresh one below /registrytest. It must not hold anything.
	Directory string
	// History is how many changes the backend remembers; 0 means 1000, as etcd
	// has. Negative means that it forgets none, and the cases of that are skipped.
	History int
	// TextOnly says that a value which is not UTF-8 comes back changed; the case
	// of such values is skipped.
	TextOnly bool
}

// Run runs the conformance suite: what every caller of registry.Source and
// registry.Writer counts on. Each case is a subtest with a registry of its own,
// which newRegistry makes and, by t.Cleanup, ends.
//
// The cases write below one directory only, with TTLs, and leave other keys
// alone: the registry may be shared, as long as nobody else writes so much
// that its history is lost.
func Run(t *testing.T, newRegistry func(t *testing.T) Registry) {
	t.Helper()
	for _, c := range cases() {
		t.Run(c.name, func(t *testing.T) { c.start(t, newRegistry) })
	}
}

// RunInBubble is [Run] with every case in a testing/synctest bubble of its own,
// where time is virtual and a leaked goroutine fails the case. The registry is
// made inside, and must not reach outside, as to a network.
func RunInBubble(t *testing.T, newRegistry func(t *testing.T) Registry) {
	t.Helper()
	for _, c := range cases() {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { c.start(t, newRegistry) })
		})
	}
}

// conformance is one case of the suite.
type conformance struct {
	name string
	run  func(t *testing.T, r *trial)
}

func cases() []conformance {
	return []conformance{
		{"list/missing directory", listMissing},
		{"list/directory that was emptied", listEmptied},
		{"list/sorted, with what was stored", listSorted},
		{"list/hidden keys and sub-directories", listLeavesOut},
		{"list/index", listIndex},
		{"get/not found", getNotFound},
		{"get/what was stored", getStored},
		{"create/exists", createExists},
		{"create/after a delete", createAgain},
		{"refresh/keeps the value", refreshKeeps},
		{"refresh/wakes nobody", refreshWakesNobody},
		{"refresh/not found", refreshNotFound},
		{"refresh/prolongs", refreshProlongs},
		{"swap/value and TTL", swapWrites},
		{"swap/conflict", swapConflict},
		{"swap/not found", swapNotFound},
		{"delete/removes", deleteRemoves},
		{"delete/conflict", deleteConflict},
		{"delete/not found", deleteNotFound},
		{"ttl/refused", ttlRefused},
		{"expiry/key is gone", expiryRemoves},
		{"expiry/never", expiryNever},
		{"next/says who it is", nextCluster},
		{"next/put, update, deleted", nextKinds},
		{"next/update by anybody", nextPut},
		{"next/expired", nextExpired},
		{"next/wakes at a change", nextWakes},
		{"next/wakes at an expiry", nextWakesAtExpiry},
		{"next/from a listing on nothing is lost", nextFromListing},
		{"next/asked again, the same answer", nextAgain},
		{"next/other directories", nextElsewhere},
		{"next/quiet", nextQuiet},
		{"next/cancel", nextCancel},
		{"next/concurrent watchers", nextConcurrent},
		{"history/lost by puts", historyLostByPuts},
		{"history/lost by refreshes alone", historyLostByRefreshes},
		{"history/lost by other directories", historyLostElsewhere},
		{"values/text", valuesText},
		{"values/any bytes", valuesBytes},
		{"values/64 KiB", valuesLong},
		{"values/of a hostile client", valuesHostile},
		{"context/ended before", contextEnded},
	}
}

func (c conformance) start(t *testing.T, newRegistry func(t *testing.T) Registry) {
	t.Helper()
	r := newRegistry(t)
	readOnly := r.Writer == nil
	if readOnly && r.Put != nil && r.Remove != nil {
		r.Writer = &hand{source: r.Source, put: r.Put, remove: r.Remove}
	}
	if r.Source == nil || r.Writer == nil {
		t.Fatal("registry under test: got no source or nothing that writes, want both")
	}
	if r.Directory == "" {
		r.Directory = "/registrytest/" + rand.Text() + "/"
	}
	if r.Pass == nil {
		r.Pass = time.Sleep
	}
	if r.History == 0 {
		r.History = Config{}.withDefaults().History
	}
	c.run(t, &trial{Registry: r, readOnly: readOnly})
}

// trial is the registry of one case, with the steps that cases are made of. A
// step that fails where it must not ends the case.
type trial struct {
	Registry

	readOnly bool // what writes is a [hand]
}

// key is a key directly in the case's directory.
func (r *trial) key(name string) string { return r.Directory + name }

func (r *trial) list(t *testing.T) registry.Listing {
	t.Helper()
	l, err := r.Source.List(t.Context(), r.Directory)
	if err != nil {
		t.Fatalf("list: got error %v, want none", err)
	}
	if l.Missing && len(l.Entries) > 0 {
		t.Errorf("list: got %d entries of a directory that is missing", len(l.Entries))
	}
	return l
}

func (r *trial) get(t *testing.T, name string) registry.Entry {
	t.Helper()
	e, err := r.Source.Get(t.Context(), r.key(name))
	return r.echo(t, "get", name, e, err)
}

func (r *trial) create(t *testing.T, name, value string, ttl time.Duration) registry.Entry {
	t.Helper()
	e, err := r.Writer.Create(t.Context(), r.key(name), value, ttl)
	return r.stored(t, "create", name, value, ttl, e, err)
}

func (r *trial) swap(t *testing.T, name, value string, ttl time.Duration, previous registry.Index) registry.Entry {
	t.Helper()
	e, err := r.Writer.Swap(t.Context(), r.key(name), value, ttl, previous)
	return r.stored(t, "swap", name, value, ttl, e, err)
}

func (r *trial) refresh(t *testing.T, name string, ttl time.Duration) registry.Entry {
	t.Helper()
	e, err := r.Writer.Refresh(t.Context(), r.key(name), ttl)
	return r.echo(t, "refresh", name, e, err)
}

func (r *trial) remove(t *testing.T, name string, previous registry.Index) {
	t.Helper()
	if err := r.Writer.Delete(t.Context(), r.key(name), previous); err != nil {
		t.Fatalf("delete of %s: got error %v, want none", name, err)
	}
}

// stored checks the echo of a write.
func (r *trial) stored(t *testing.T, op, name, value string, ttl time.Duration, e registry.Entry, err error) registry.Entry {
	t.Helper()
	r.echo(t, op, name, e, err)
	if e.Value != value {
		t.Fatalf("%s of %s: got the echo %s, want %s", op, name, short(e.Value), short(value))
	}
	r.expectTTL(t, op+" of "+name, e.TTL, ttl)
	return e
}

func (r *trial) echo(t *testing.T, op, name string, e registry.Entry, err error) registry.Entry {
	t.Helper()
	if err != nil || e.Key != r.key(name) || e.Index == 0 {
		t.Fatalf("%s of %s: got key %s at index %d and error %v, want the key at its index", op, name, e.Key, e.Index, err)
	}
	return e
}

// next waits for the first change after an index. Silence is asked again.
func (r *trial) next(t *testing.T, after registry.Index) registry.Change {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c, err := r.await(ctx, after)
	if err != nil {
		t.Fatalf("next after %d: got error %v, want a change", after, err)
	}
	return c
}

// await is next for any goroutine.
func (r *trial) await(ctx context.Context, after registry.Index) (registry.Change, error) {
	for {
		c, err := r.Source.Next(ctx, r.Directory, after)
		if err == nil && (c.Index <= after || c.Entry.Index != c.Index) {
			return c, errors.New("the change's index does not lie after the one given, or is not its entry's")
		}
		if err == nil && c.Head != 0 && c.Head < c.Index {
			return c, errors.New("the change lies behind the head of the history")
		}
		if !errors.Is(err, registry.ErrQuiet) {
			return c, err
		}
	}
}

func expectError(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got error %v, want %v", what, got, want)
	}
}

// expectTTL allows for seconds as the unit, and for a slow machine.
func (r *trial) expectTTL(t *testing.T, what string, got, want time.Duration) {
	t.Helper()
	if r.NoTTL {
		want = 0
	}
	if want == 0 && got != 0 || want > 0 && (got <= 0 || got > want+time.Second || got < want-10*time.Second) {
		t.Errorf("%s: got the TTL %v, want %v", what, got, want)
	}
}
