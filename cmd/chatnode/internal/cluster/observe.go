package cluster

import (
	"context"
	"errors"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// apiService is the service whose directory is poisoned.
const apiService = "api"

const observeRetry = 100 * time.Millisecond

// observer reads the poisoned key in etcd itself, apart from every chat node:
// what was really stored, and when.
type observer struct {
	source    registry.Source
	directory string
	key       string
	id        string
	report    func(event)
	// saw, which may be nil, gets every record of the directory, and those that went.
	saw func(kind registry.ChangeKind, e registry.Entry)

	known map[string]bool // the keys that were there when last heard of

	last registry.Index // of the record reported last
}

// run reports each new record under the key until ctx ends. It lists again
// after every error, so that no write is missed for good.
func (o *observer) run(ctx context.Context) {
	for ctx.Err() == nil {
		listing, err := o.source.List(ctx, o.directory)
		if err != nil {
			pause(ctx, observeRetry)
			continue
		}
		o.compare(listing)
		for _, e := range listing.Entries {
			if e.Key == o.key {
				o.see(e)
			}
		}
		o.watch(ctx, listing.Index)
	}
}

// watch follows the directory from an index until the history is lost or a call fails.
func (o *observer) watch(ctx context.Context, after registry.Index) {
	for ctx.Err() == nil {
		change, err := o.source.Next(ctx, o.directory, after)
		switch {
		case errors.Is(err, registry.ErrQuiet):
			continue
		case err != nil:
			pause(ctx, observeRetry)
			return
		}
		after = change.Index
		if change.Kind == registry.ChangeDirectory {
			return // it stands for many keys
		}
		o.notice(change.Kind, change.Entry)
		if change.Kind == registry.ChangePut && change.Entry.Key == o.key {
			o.see(o.readBack(ctx, change.Entry))
		}
	}
}

// readBack reads the key with quorum; where it was written again in between,
// the change itself is what etcd stored then.
func (o *observer) readBack(ctx context.Context, changed registry.Entry) registry.Entry {
	if e, err := o.source.Get(ctx, o.key); err == nil && e.Index == changed.Index {
		return e
	}
	return changed
}

// compare notices what a listing holds, and what it does not hold any more.
func (o *observer) compare(listing registry.Listing) {
	gone := o.known
	o.known = make(map[string]bool, len(listing.Entries))
	for _, e := range listing.Entries {
		delete(gone, e.Key)
		o.notice(registry.ChangePut, e)
	}
	for key := range gone {
		o.notice(registry.ChangeDeleted, registry.Entry{Key: key, Index: listing.Index})
	}
}

func (o *observer) notice(kind registry.ChangeKind, e registry.Entry) {
	if o.known == nil {
		o.known = make(map[string]bool)
	}
	if kind == registry.ChangePut {
		o.known[e.Key] = true
	} else {
		delete(o.known, e.Key)
	}
	if o.saw != nil {
		o.saw(kind, e)
	}
}

func (o *observer) see(e registry.Entry) {
	if e.Index == o.last {
		return
	}
	o.last = e.Index
	_, err := registry.Decode(apiService, o.id, e.Value)
	o.report(recordSeen{
		At: time.Now(), Key: e.Key, Value: e.Value, TTL: e.TTL, Index: uint64(e.Index), Good: err == nil,
	})
}
