package registrytest

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// hand writes for a source that has no writer: by what somebody else does to the
// keys, which the source is asked about before and after. It is one writer, so
// that its preconditions hold.
type hand struct {
	source registry.Source
	put    func(ctx context.Context, key, raw string, ttl time.Duration) error
	remove func(ctx context.Context, key string) error

	mu sync.Mutex
}

// Create implements [registry.Writer].
func (h *hand) Create(ctx context.Context, key, value string, ttl time.Duration) (registry.Entry, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch _, err := h.source.Get(ctx, key); {
	case err == nil:
		return registry.Entry{}, registry.ErrExists
	case !errors.Is(err, registry.ErrNotFound):
		return registry.Entry{}, err
	}
	return h.write(ctx, key, value, ttl)
}

// Swap implements [registry.Writer].
func (h *hand) Swap(ctx context.Context, key, value string, ttl time.Duration, previous registry.Index) (registry.Entry, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.compare(ctx, key, previous); err != nil {
		return registry.Entry{}, err
	}
	return h.write(ctx, key, value, ttl)
}

// Delete implements [registry.Writer].
func (h *hand) Delete(ctx context.Context, key string, previous registry.Index) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.compare(ctx, key, previous); err != nil {
		return err
	}
	if err := h.remove(ctx, key); err != nil {
		return err
	}
	if _, err := h.source.Get(ctx, key); !errors.Is(err, registry.ErrNotFound) {
		return errors.Join(errors.New("the key is read although it was removed"), err)
	}
	return nil
}

// Refresh implements [registry.Writer]: there is none, and the suite asks for none.
func (h *hand) Refresh(ctx context.Context, _ string, _ time.Duration) (registry.Entry, error) {
	if err := ctx.Err(); err != nil {
		return registry.Entry{}, err
	}
	return registry.Entry{}, errors.New("nobody renews what is written by hand")
}

func (h *hand) write(ctx context.Context, key, value string, ttl time.Duration) (registry.Entry, error) {
	if err := h.put(ctx, key, value, ttl); err != nil {
		return registry.Entry{}, err
	}
	return h.source.Get(ctx, key)
}

func (h *hand) compare(ctx context.Context, key string, previous registry.Index) error {
	e, err := h.source.Get(ctx, key)
	if err == nil && e.Index != previous {
		return registry.ErrConflict
	}
	return err
}
