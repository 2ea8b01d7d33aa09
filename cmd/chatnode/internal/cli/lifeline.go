package cli

import (
	"io"
	"time"
)

// watchLifeline reads r to its end, then asks everything to stop. The channel
// is closed when grace has passed after that: whatever still runs is left behind.
//
// Nothing can interrupt its read: it lives as long as the process.
func watchLifeline(r io.Reader, cancel func(), grace time.Duration) <-chan struct{} {
	abandoned := make(chan struct{})
	go func() {
		// An error ends the line just as its end does.
		_, _ = io.Copy(io.Discard, r)
		cancel()
		time.AfterFunc(grace, func() { close(abandoned) })
	}()
	return abandoned
}
