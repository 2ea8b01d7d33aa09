package backoff_test

import (
	"fmt"
	"time"

	"github.com/firebreak-go/firebreak/supervision/backoff"
)

// The caller counts attempts and draws the random numbers.
func Example() {
	p := backoff.Policy{Base: 200 * time.Millisecond, Cap: time.Second}
	for attempt := 1; attempt <= 4; attempt++ {
		fmt.Println(p.Delay(attempt, 0.5))
	}
	// Output:
	// 100ms
	// 200ms
	// 400ms
	// 500ms
}
