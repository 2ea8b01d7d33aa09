package actors

import (
	"context"
	"sync"
)

// maxHeadway is how many changes a reader may be ahead of its watcher: as many
// as etcd remembers. What has not been read waits in the registry.
const maxHeadway = 1000

// headway bounds what a reader has read and its watcher has yet to take. It
// belongs to one watch: what a lost watcher had not taken is of no account to
// the next.
type headway struct {
	mu      sync.Mutex
	ahead   int
	waiting chan struct{} // closed when there is room again; nil while nobody waits
}

// gain counts one more change, and waits where there are too many. It is false
// when ctx ends meanwhile.
func (h *headway) gain(ctx context.Context) bool {
	h.mu.Lock()
	h.ahead++
	if h.ahead < maxHeadway {
		h.mu.Unlock()
		return ctx.Err() == nil
	}
	waiting := make(chan struct{})
	h.waiting = waiting
	h.mu.Unlock()
	select {
	case <-waiting:
		return true
	case <-ctx.Done():
		return false
	}
}

// lose counts one less. A reader that waits goes on when half is left, for to be
// woken costs as much as many changes.
func (h *headway) lose() {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ahead--
	if h.waiting != nil && h.ahead <= maxHeadway/2 {
		close(h.waiting)
		h.waiting = nil
	}
}
