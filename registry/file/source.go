package file

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// List reads the records directly in a folder, sorted. Hidden keys (their name
// begins with "_") are left out. A folder that does not exist below an existing
// root is missing.
func (s *Source) List(ctx context.Context, directory string) (registry.Listing, error) {
	l, err := ask(ctx, s, directory, func(f *folder) (registry.Listing, error) {
		l := registry.Listing{Index: s.history.Index(), Cluster: s.cluster, Missing: f.self == nil}
		for id, seen := range f.files {
			if !strings.HasPrefix(id, "_") {
				l.Entries = append(l.Entries, seen.entry(directory, id))
			}
		}
		return l, nil
	})
	slices.SortFunc(l.Entries, func(a, b registry.Entry) int { return cmp.Compare(a.Key, b.Key) })
	return l, wrap("list", directory, err)
}

// Get reads one record, or returns [registry.ErrNotFound].
func (s *Source) Get(ctx context.Context, key string) (registry.Entry, error) {
	if !isKey(key) {
		return registry.Entry{}, fmt.Errorf("file: get: %q is not a key: write it like /services/api/api-1", key)
	}
	directory, id := path.Split(key)
	e, err := ask(ctx, s, directory, func(f *folder) (registry.Entry, error) {
		seen, there := f.files[id]
		if !there {
			return registry.Entry{}, registry.ErrNotFound
		}
		return seen.entry(directory, id), nil
	})
	return e, wrap("get", key, err)
}

// Next looks at a folder until there is a change after the given index, within
// Config.Wait. It returns [registry.ErrHistoryLost] for an index from before the
// source first looked at that folder.
func (s *Source) Next(ctx context.Context, directory string, after registry.Index) (registry.Change, error) {
	limit := time.NewTimer(s.cfg.Wait)
	defer limit.Stop()
	for {
		change, err := s.poll(ctx, directory, after)
		if !errors.Is(err, registry.ErrQuiet) {
			return change, wrap("next", directory, err)
		}
		again := time.NewTimer(s.cfg.Poll)
		select {
		case <-again.C:
			continue
		case <-limit.C:
		case <-ctx.Done():
			err = ctx.Err()
		}
		again.Stop()
		return registry.Change{}, wrap("next", directory, err)
	}
}

// poll is one look for a change.
func (s *Source) poll(ctx context.Context, directory string, after registry.Index) (registry.Change, error) {
	return ask(ctx, s, directory, func(f *folder) (registry.Change, error) {
		if after < f.since {
			return registry.Change{}, registry.ErrHistoryLost
		}
		change, found, err := s.history.After(directory, after)
		if err == nil && !found {
			err = registry.ErrQuiet
		}
		change.Cluster = s.cluster
		return change, err
	})
}

// ask looks at a folder and reads an answer from what was seen. The file system
// may hang, so that is done on a goroutine, of which there is one at a time: it
// keeps the turn until it is back, and everybody else runs into the time limit.
func ask[T any](ctx context.Context, s *Source, directory string, answer func(*folder) (T, error)) (T, error) {
	var none T
	if !strings.HasSuffix(directory, "/") || directory != "/" && !isKey(strings.TrimSuffix(directory, "/")) {
		return none, errors.New("not a directory: write it like /services/api/")
	}
	bounded, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	if err := bounded.Err(); err != nil {
		return none, err
	}
	type outcome struct {
		answer T
		err    error
	}
	done := make(chan outcome, 1)
	select {
	case s.turn <- struct{}{}:
		go func() {
			defer func() { <-s.turn }()
			f, err := s.look(directory)
			if err != nil {
				done <- outcome{err: err}
				return
			}
			a, err := answer(f)
			done <- outcome{a, err}
		}()
	case <-bounded.Done():
	}
	select {
	case o := <-done:
		return o.answer, o.err
	case <-bounded.Done():
	}
	if err := ctx.Err(); err != nil {
		return none, err
	}
	return none, fmt.Errorf("no answer in %v: is %s on a file system that hangs?", s.cfg.Timeout, s.cfg.Root)
}

// wrap tells which call failed. Silence is not a failure.
func wrap(op, name string, err error) error {
	if err == nil || errors.Is(err, registry.ErrQuiet) {
		return err
	}
	return fmt.Errorf("file: %s %s: %w", op, name, err)
}

// isKey refuses what would lead out of the root, or to a file in two ways.
func isKey(key string) bool {
	inside, rooted := strings.CutPrefix(key, "/")
	return rooted && path.Clean(key) == key && !strings.ContainsAny(inside, "\\\x00") && filepath.IsLocal(filepath.FromSlash(inside))
}
