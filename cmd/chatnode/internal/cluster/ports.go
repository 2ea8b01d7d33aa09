package cluster

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
)

// The demo's servers listen below every system's ephemeral range (Linux starts
// at 32768), so that a client socket can never take a restarting server's port.
const (
	firstPort = 20000
	lastPort  = 31999
)

// ports hands out free loopback ports, each once per run. Safe for concurrent use.
type ports struct {
	mu   sync.Mutex
	next int // offset of the next candidate
	left int // candidates not tried yet
}

// newPorts starts at a random place, so that demos that run side by side do not
// walk the same ports in step.
func newPorts() *ports {
	n := lastPort - firstPort + 1
	return &ports{next: rand.IntN(n), left: n}
}

// take returns an address on loopback whose port was free a moment ago.
func (p *ports) take(ctx context.Context) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var lc net.ListenConfig
	for p.left > 0 && ctx.Err() == nil {
		port := firstPort + p.next
		p.next = (p.next + 1) % (lastPort - firstPort + 1)
		p.left--
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		l, err := lc.Listen(ctx, "tcp", address)
		if err != nil {
			continue // taken by somebody else: try the next one
		}
		if err := l.Close(); err != nil {
			return "", fmt.Errorf("free port %d: %w", port, err)
		}
		return address, nil
	}
	if err := ctx.Err(); err != nil {
		return "", err
	}
	return "", fmt.Errorf("no free port between %d and %d on 127.0.0.1: stop what listens there", firstPort, lastPort)
}
