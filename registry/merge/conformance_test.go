package merge_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/merge"
	"github.com/firebreak-go/firebreak/registry/registrytest"
)

var errAway = errors.New("away")

// A Next that waits for a minute is seen to wake at once, whichever member has the
// news.
func TestConforms(t *testing.T) {
	for _, row := range []struct {
		name  string
		mode  merge.Mode
		write int // the member that is written
		away  int // the member that never answers, or -1
		of    int
	}{
		{"union of one", merge.Union, 0, -1, 1},
		{"union, the first is written", merge.Union, 0, -1, 2},
		{"union, the last is written", merge.Union, 2, -1, 3},
		{"union, an optional one is away", merge.Union, 1, 0, 2},
		{"fallback, the first answers", merge.Fallback, 0, -1, 2},
		{"fallback, the first never answered", merge.Fallback, 1, 0, 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			registrytest.RunInBubble(t, func(t *testing.T) registrytest.Registry {
				t.Helper()
				cfg := merge.Config{Mode: row.mode}
				var written *registrytest.Memory
				for i, name := range []string{"one", "two", "three"}[:row.of] {
					m := registrytest.NewMemory(registrytest.Config{})
					cfg.Members = append(cfg.Members, merge.Member{Name: name, Source: m, Optional: i == row.away})
					if i == row.away {
						m.Fail(errAway)
					}
					if i == row.write {
						written = m
					}
				}
				return registrytest.Registry{
					Source: open(t, cfg),
					Put: func(ctx context.Context, key, raw string, ttl time.Duration) error {
						written.Put(key, raw, ttl)
						return ctx.Err()
					},
					Remove: func(ctx context.Context, key string) error { return remove(ctx, written, key) },
				}
			})
		})
	}
}

func open(t *testing.T, cfg merge.Config) *merge.Source {
	t.Helper()
	s, err := merge.New(cfg)
	if err != nil {
		t.Fatalf("New: got %v, want no error", err)
	}
	return s
}

func remove(ctx context.Context, m *registrytest.Memory, key string) error {
	e, err := m.Get(ctx, key)
	if err != nil {
		return err
	}
	return m.Delete(ctx, key, e.Index)
}

var _ registry.Source = (*merge.Source)(nil)
