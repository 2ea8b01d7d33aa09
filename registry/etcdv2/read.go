package etcdv2

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/firebreak-go/firebreak/registry"
)

// List reads the keys directly under directory, with quorum, sorted. Hidden keys
// (their name starts with "_") and sub-directories are left out.
func (r *Registry) List(ctx context.Context, directory string) (registry.Listing, error) {
	key, err := directoryKey(directory)
	if err != nil {
		return registry.Listing{}, fmt.Errorf("etcd v2: list: %w", err)
	}
	a, err := r.ask(ctx, "list", directory, readRequest(key))
	listing := registry.Listing{Index: a.index, Cluster: a.cluster}
	switch {
	case errors.Is(err, registry.ErrNotFound):
		listing.Missing = true // an emptied directory of etcd stays
		return listing, nil
	case err != nil:
		return registry.Listing{}, err
	case !a.Node.Dir:
		return registry.Listing{}, fmt.Errorf("etcd v2: list %s: it is a key, not a directory", directory)
	}
	for i := range a.Node.Nodes {
		if child := &a.Node.Nodes[i]; !child.Dir && visibleChild(directory, child.Key) {
			listing.Entries = append(listing.Entries, child.entry())
		}
	}
	slices.SortFunc(listing.Entries, func(x, y registry.Entry) int { return strings.Compare(x.Key, y.Key) })
	return listing, nil
}

func visibleChild(directory, key string) bool {
	name, inside := strings.CutPrefix(key, directory)
	return inside && name != "" && !strings.Contains(name, "/") && !strings.HasPrefix(name, "_")
}

// Get reads one key with quorum, or returns [registry.ErrNotFound].
func (r *Registry) Get(ctx context.Context, key string) (registry.Entry, error) {
	if err := checkKey(key); err != nil {
		return registry.Entry{}, fmt.Errorf("etcd v2: get: %w", err)
	}
	a, err := r.ask(ctx, "get", key, readRequest(key))
	if err != nil {
		return registry.Entry{}, err
	}
	return a.echo("get", key)
}

// Next waits for the first change under directory after the given index, within
// Config.Wait. See the package comment for nested keys.
func (r *Registry) Next(ctx context.Context, directory string, after registry.Index) (registry.Change, error) {
	key, err := directoryKey(directory)
	if err != nil {
		return registry.Change{}, fmt.Errorf("etcd v2: next: %w", err)
	}
	a, err := r.ask(ctx, "next", directory, waitRequest(key, after))
	switch {
	case errors.Is(err, errNoAnswer):
		return registry.Change{}, registry.ErrQuiet
	case err != nil:
		return registry.Change{}, err
	}
	change, err := a.change()
	if err == nil && change.Index <= after {
		// Something between us and etcd repeats an old answer; the cursor would never move.
		err = fmt.Errorf("got the change at index %d again: is a caching proxy in between?", change.Index)
	}
	if err != nil {
		return registry.Change{}, fmt.Errorf("etcd v2: next %s after %d: %w", directory, after, err)
	}
	return change, nil
}

// echo is the answer as an entry, if it speaks about the key that was asked for.
func (a *answer) echo(op, key string) (registry.Entry, error) {
	switch {
	case a.Node.Dir:
		return registry.Entry{}, fmt.Errorf("etcd v2: %s %s: it is a directory, not a key", op, key)
	case a.Node.Key != key || a.Node.ModifiedIndex == 0:
		return registry.Entry{}, fmt.Errorf("etcd v2: %s %s: the answer is about %.128q", op, key, a.Node.Key)
	}
	return a.Node.entry(), nil
}

// change is the answer of a wait as one step of the history.
func (a *answer) change() (registry.Change, error) {
	c := registry.Change{Index: registry.Index(a.Node.ModifiedIndex), Cluster: a.cluster}
	c.Head = max(c.Index, a.index) // etcd's index of when the wait began
	c.Entry = registry.Entry{Key: a.Node.Key, Index: c.Index}
	if a.Node.Dir || a.Prev != nil && a.Prev.Dir {
		c.Kind = registry.ChangeDirectory
		return c, nil
	}
	if a.Prev != nil {
		previous := a.Prev.entry()
		c.Previous = &previous
	}
	switch a.Action {
	case "set", "create", "update", "compareAndSwap":
		c.Kind, c.Entry = registry.ChangePut, a.Node.entry()
	case "delete", "compareAndDelete":
		c.Kind = registry.ChangeDeleted
	case "expire":
		c.Kind = registry.ChangeExpired
	default:
		return c, fmt.Errorf("the answer has the unknown action %.32q", a.Action)
	}
	return c, nil
}
