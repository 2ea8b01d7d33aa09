package main

import "sync/atomic"

// gate counts arrivals; the last one that is expected wakes the driver.
type gate struct {
	left atomic.Int64
	open chan struct{}
}

func newGate() *gate { return &gate{open: make(chan struct{}, 1)} }

func (g *gate) expect(n int) { g.left.Store(int64(n)) }

func (g *gate) arrive() {
	if g.left.Add(-1) == 0 {
		g.open <- struct{}{}
	}
}

// await waits for the arrivals that were expected, at least one. A measurement that hangs is ended from outside.
func (g *gate) await() { <-g.open }
