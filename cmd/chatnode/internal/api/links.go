package api

import (
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
	"github.com/firebreak-go/firebreak/registry"
)

// target is an instance that may be called.
type target struct{ id, address string }

// choose draws one of the targets whose address was not tried; false when none
// is left. It draws once.
func choose(targets []target, tried []string, draw func(int) int) (target, bool) {
	left := targets
	if len(tried) > 0 {
		left = slices.DeleteFunc(slices.Clone(targets), func(t target) bool { return slices.Contains(tried, t.address) })
	}
	if len(left) == 0 {
		return target{}, false
	}
	return left[draw(len(left))], true
}

// link is the connection to one address. Its fields below the blank line belong
// to the mutex of links.
type link struct {
	target target
	conn   *grpc.ClientConn
	client wire.LoaderClient

	calls  int    // in flight
	used   uint64 // when it was last taken, on the clock of links
	closes bool   // with its last call: it is in no map any more

	heard map[string]heard // what it said of its lanes
}

// links keeps one connection per address that the newest snapshot lists.
type links struct {
	newest func() *registry.Snapshot
	limit  int
	creds  credentials.TransportCredentials

	mu      sync.Mutex
	of      *registry.Snapshot // what targets were read from
	targets []target
	open    map[string]*link
	clock   uint64 // counts acquisitions
	closed  bool
}

func newLinks(newest func() *registry.Snapshot, limit int, creds credentials.TransportCredentials) *links {
	return &links{newest: newest, limit: limit, creds: creds, open: make(map[string]*link)}
}

// acquire draws an instance whose address was not tried and returns it with its
// link for one call; [links.release] follows. It returns no target when none is
// left, and a target with an error when that one cannot be called.
//
// All of it happens under the mutex, so that an instance is never called after a
// newer snapshot has dropped it.
func (ls *links) acquire(tried []string, draw func(int) int) (target, *link, error) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if ls.closed {
		return target{}, nil, ErrClosed
	}
	ls.follow()
	t, ok := choose(ls.targets, tried, draw)
	if !ok {
		return target{}, nil, ErrNoInstances
	}
	l := ls.open[t.address]
	if l == nil {
		if len(ls.open) >= ls.limit && !ls.makeRoom() {
			return t, nil, status.Errorf(codes.ResourceExhausted, "all %d connections are in use", ls.limit)
		}
		conn, err := wire.Dial(t.address, ls.creds)
		if err != nil {
			return t, nil, status.Error(codes.Unavailable, err.Error())
		}
		l = &link{target: t, conn: conn, heard: make(map[string]heard)}
		l.client = wire.NewLoaderClient(listening{conn, func(said metadata.MD) { ls.hear(l, said, time.Now()) }})
		ls.open[t.address] = l
	}
	ls.clock++
	l.calls, l.used = l.calls+1, ls.clock
	return t, l, nil
}

// follow reads the snapshot when it is another one, and forgets the addresses
// that are gone from it. The caller holds the mutex.
func (ls *links) follow() {
	newest := ls.newest()
	if newest == ls.of {
		return
	}
	ls.of, ls.targets = newest, nil
	listed := make(map[string]bool)
	if newest != nil {
		for in := range newest.Instances() {
			t := target{id: in.ID, address: in.Address()}
			ls.targets = append(ls.targets, t)
			listed[t.address] = true
		}
	}
	for address, l := range ls.open {
		if !listed[address] {
			ls.forget(l)
		}
	}
}

// release ends the call of an acquire.
func (ls *links) release(l *link) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	l.calls--
	if l.closes && l.calls == 0 {
		_ = l.conn.Close()
	}
}

// makeRoom forgets the link that has been idle longest. The caller holds the mutex.
func (ls *links) makeRoom() bool {
	var oldest *link
	for _, l := range ls.open {
		if l.calls == 0 && (oldest == nil || l.used < oldest.used) {
			oldest = l
		}
	}
	if oldest == nil {
		return false
	}
	ls.forget(oldest)
	return true
}

// forget takes a link out; it is closed now, or with its last call. The caller
// holds the mutex.
func (ls *links) forget(l *link) {
	delete(ls.open, l.target.address)
	l.closes = true
	if l.calls == 0 {
		_ = l.conn.Close()
	}
}

func (ls *links) close() {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	ls.closed = true
	for address, l := range ls.open {
		delete(ls.open, address)
		_ = l.conn.Close()
	}
}

func (ls *links) len() int {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	return len(ls.open)
}
