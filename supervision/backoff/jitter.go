package backoff

import (
	"fmt"
	"time"
)

// Jitter says which part of a delay is drawn at random.
type Jitter uint8

// The kinds of jitter.
const (
	// Full draws from zero to the whole delay.
	Full Jitter = iota
	// Equal keeps half of the delay and draws the other half: use it where an immediate retry would hurt.
	Equal
	// None keeps the delay as it is: use it where nobody else retries at the same moment.
	None
)

// String returns the lower-case word for the jitter.
func (j Jitter) String() string {
	switch j {
	case Full:
		return "full"
	case Equal:
		return "equal"
	case None:
		return "none"
	}
	return fmt.Sprintf("jitter(%d)", uint8(j))
}

func (j Jitter) known() bool { return j <= None }

// apply never returns more than ceiling, whatever rnd is.
func (j Jitter) apply(ceiling time.Duration, rnd float64) time.Duration {
	switch j {
	case Full:
		return scale(ceiling, rnd)
	case Equal:
		half := ceiling / 2
		return half + scale(ceiling-half, rnd)
	case None:
		return ceiling
	}
	return ceiling
}

func scale(d time.Duration, rnd float64) time.Duration {
	switch {
	case rnd >= 1:
		return d
	case rnd > 0:
		return min(time.Duration(float64(d)*rnd), d)
	default: // zero, negative or not a number
		return 0
	}
}
