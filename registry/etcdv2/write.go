package etcdv2

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// Create writes a key that must not exist yet, else [registry.ErrExists]. That
// answer may be about the caller's own earlier Create whose answer was lost.
func (r *Registry) Create(ctx context.Context, key, value string, ttl time.Duration) (registry.Entry, error) {
	q, err := writeRequest(key, value, ttl, "prevExist", "false")
	return r.write(ctx, "create", key, q, err)
}

// Refresh renews the TTL of an existing key, keeps its value and wakes no watcher.
func (r *Registry) Refresh(ctx context.Context, key string, ttl time.Duration) (registry.Entry, error) {
	q, err := refreshRequest(key, ttl)
	return r.write(ctx, "refresh", key, q, err)
}

// Swap writes a key whose last write was at index previous, else
// [registry.ErrConflict], or [registry.ErrNotFound] when it is gone. A conflict
// may be the caller's own earlier Swap whose answer was lost.
func (r *Registry) Swap(ctx context.Context, key, value string, ttl time.Duration, previous registry.Index) (registry.Entry, error) {
	q, err := writeRequest(key, value, ttl, "prevIndex", strconv.FormatUint(uint64(previous), 10))
	if err == nil {
		err = checkPrevious(previous)
	}
	return r.write(ctx, "swap", key, q, err)
}

// Delete removes a key whose last write was at index previous, else
// [registry.ErrConflict], or [registry.ErrNotFound] when it is gone already.
func (r *Registry) Delete(ctx context.Context, key string, previous registry.Index) error {
	q := request{method: http.MethodDelete, key: key, query: url.Values{
		"prevIndex": {strconv.FormatUint(uint64(previous), 10)},
	}}
	_, err := r.write(ctx, "delete", key, q, checkPrevious(previous))
	return err
}

// write sends a request that changes a key, unless building it failed already,
// and returns etcd's echo of what is stored now.
func (r *Registry) write(ctx context.Context, op, key string, q request, err error) (registry.Entry, error) {
	if err == nil {
		err = checkKey(key)
	}
	if err != nil {
		return registry.Entry{}, fmt.Errorf("etcd v2: %s %s: %w", op, key, err)
	}
	a, err := r.ask(ctx, op, key, q)
	if err != nil {
		return registry.Entry{}, err
	}
	return a.echo(op, key)
}
