package ring

import (
	"fmt"
	"math/bits"
	"time"
)

// Config tunes a [Ring]. The zero value is usable. Processes that are to agree
// need the same Parts and VirtualNodes.
type Config struct {
	// Parts is how many parts the keyspace has: a power of two from 256 to
	// 4,194,304; 0 means 65,536.
	Parts int
	// VirtualNodes is how many points an instance of weight 100 has, at most
	// 65,536; 0 means 512. Others have as many in proportion, at least one and at
	// most sixteen times as many.
	VirtualNodes int
	// History is how many placements are remembered beside the present one, 2 to
	// 64; 0 means 2.
	History int
	// MoveParts is how many parts may move within any MoveEvery; 0 means a
	// sixteenth of all within a second, a negative number all of them.
	MoveParts int
	MoveEvery time.Duration
}

// The bounds of a ring, beside those of [Config].
const (
	minParts, maxParts = 1 << 8, 1 << 22
	maxVirtualNodes    = 1 << 16
	maxHistory         = 64
	// maxShare is how many times the usual share one instance may have: weights
	// are written by others.
	maxShare = 16
	// maxOverrides bounds what each new table has to look at.
	maxOverrides = 1024
)

// Validate returns the first thing that makes no sense, or nil.
func (c Config) Validate() error {
	c = c.withDefaults()
	switch {
	case c.Parts < minParts || c.Parts > maxParts || bits.OnesCount(uint(c.Parts)) != 1:
		return fmt.Errorf("ring: Parts is %d, want a power of two from %d to %d", c.Parts, minParts, maxParts)
	case c.VirtualNodes < 1 || c.VirtualNodes > maxVirtualNodes:
		return fmt.Errorf("ring: VirtualNodes is %d, want 1 to %d", c.VirtualNodes, maxVirtualNodes)
	case c.History < 2 || c.History > maxHistory:
		return fmt.Errorf("ring: History is %d, want 2 to %d", c.History, maxHistory)
	case c.MoveEvery < 0:
		return fmt.Errorf("ring: MoveEvery is %v, want none below zero", c.MoveEvery)
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.Parts == 0 {
		c.Parts = 1 << 16
	}
	if c.VirtualNodes == 0 {
		c.VirtualNodes = 512
	}
	if c.History == 0 {
		c.History = 2
	}
	if c.MoveParts == 0 {
		c.MoveParts = c.Parts / 16
	}
	if c.MoveEvery == 0 {
		c.MoveEvery = time.Second
	}
	return c
}
