package registrytest_test

import (
	"context"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry/registrytest"
)

func memory(*testing.T) registrytest.Registry {
	m := registrytest.NewMemory(registrytest.Config{})
	return registrytest.Registry{Source: m, Writer: m, Put: func(_ context.Context, key, raw string, ttl time.Duration) error {
		m.Put(key, raw, ttl)
		return nil
	}}
}

// A Next that waits for a minute is seen to wake at once.
func TestMemoryConforms(t *testing.T) { registrytest.RunInBubble(t, memory) }
