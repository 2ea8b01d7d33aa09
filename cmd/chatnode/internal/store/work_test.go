package store

import (
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/work"
)

// The store's capacity is what is configured: one worker that is held for a tenth
// of a second, one call in the queue, and everybody else is told when to come again.
func TestCapacityIsConfigured(t *testing.T) {
	s, client, _ := start(t, Config{DataDir: t.TempDir(), Users: 1, Seed: 5, InFlight: 1, Queue: 1, Service: 200 * time.Millisecond})
	results := make(chan error, 6)
	var calls sync.WaitGroup
	for range cap(results) {
		calls.Go(func() {
			_, err := client.GetUserByToken(within(t), &wire.GetUserByTokenRequest{Token: Token(5, 0)})
			results <- err
		})
	}
	calls.Wait()
	close(results)
	served := 0
	for err := range results {
		after, told := work.RetryAfter(err)
		switch {
		case err == nil:
			served++
		case status.Code(err) != codes.ResourceExhausted || !told || after < 100*time.Millisecond:
			t.Errorf("one too many: got %v, want it refused with a time", err)
		}
	}
	if r := s.Load(); served < 2 || r.Refused == 0 || r.Served != uint64(served) {
		t.Errorf("load: got %+v and %d answers, want two at least and some refused", r, served)
	}
}
