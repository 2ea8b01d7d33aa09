//go:build unix

package chaos

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// TestTenThousandKeys writes ten thousand keys at once, every tenth of them bad and
// a few as long as may be, far more than etcd remembers changes of. A node that
// follows and one that comes later serve what is good and count what is bad.
func TestTenThousandKeys(t *testing.T) {
	t.Parallel()
	const total, workers, service = 10_000, 8, "many"
	s := startServer(t)
	follower := watch(t, s, "follower", service)
	s.store(t, directory(service)+"witness", encode(t, registry.Instance{Service: service, ID: "witness", Host: "h", Port: 1}))
	began := time.Now()
	var wait sync.WaitGroup
	for worker := range workers {
		wait.Go(func() {
			if err := s.putAll(t.Context(), func(yield func(path, value string) bool) {
				for n := worker; n < total; n += workers {
					id := fmt.Sprintf("id-%d", n)
					if !yield(directory(service)+id, one(service, id, n)) {
						return
					}
				}
			}); err != nil {
				t.Errorf("put of ten thousand: got error %v, want them stored", err)
			}
		})
	}
	wait.Wait()
	t.Logf("written after %v", time.Since(began))
	if t.Failed() {
		return
	}
	for _, w := range []*watching{follower, watch(t, s, "latecomer", service)} {
		w.within(t, "ten thousand keys", func() string {
			snapshot := w.runtime.Snapshot(service)
			bad := len(snapshot.Quarantined) + snapshot.QuarantineOverflow
			if good := snapshot.Rows.Len(); good != total-total/10+1 || bad != total/10 {
				return fmt.Sprintf(" %d good and %d bad", good, bad)
			}
			return w.outcome(service, "witness", "good")
		})
		t.Logf("%s knows them after %v", w.name, time.Since(began))
	}
}

// one is the n-th record: every tenth is bad, and a few of both kinds are 64 KiB.
func one(service, id string, n int) string {
	switch {
	case n%2500 == 9:
		return padded(service, id) + " "
	case n%10 == 9:
		bad := []string{"", "null", "{}", `{"v":1,"service":`, `{"v":2}`}
		return bad[n/10%len(bad)]
	case n%1000 == 0:
		return padded(service, id)
	default:
		return fmt.Sprintf(`{"v":1,"service":%q,"id":%q,"host":"h","port":1}`, service, id)
	}
}

// padded is a good record of exactly as many bytes as may be.
func padded(service, id string) string {
	head := fmt.Sprintf(`{"v":1,"service":%q,"id":%q,"host":"h","port":1,"x":"`, service, id)
	filler := make([]byte, registry.MaxValueBytes-len(head)-len(`"}`))
	for i := range filler {
		filler[i] = 'x'
	}
	return head + string(filler) + `"}`
}
