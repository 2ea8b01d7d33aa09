//go:build !unix

package actors_test

import "time"

// cpuTime is not known here.
func cpuTime() time.Duration { return 0 }

// peakMemory is not known here.
func peakMemory() float64 { return 0 }
