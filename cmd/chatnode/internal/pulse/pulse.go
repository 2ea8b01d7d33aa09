package pulse

import (
	"encoding/json"
	"net/http"
	"reflect"
	"time"
)

// Period is the least time between two lines.
const Period = 500 * time.Millisecond

// silence is the longest time between two lines: a node that says nothing for
// longer hangs.
const silence = 2 * time.Second

// writeLimit bounds one line's way to a reader.
const writeLimit = 5 * time.Second

// Pulse is one line.
type Pulse struct {
	// Sessions are open sockets with a session, Parked sessions without a socket.
	Sessions int `json:"sessions"`
	Parked   int `json:"parked"`
	// Live and Limbo count the instances that the node serves: those whose newest
	// value is good, and those that are gone and held by a guard. Quarantined counts
	// bad keys, served or not, Held the orders of operators that stand.
	Live        int `json:"live"`
	Quarantined int `json:"quarantined"`
	Limbo       int `json:"limbo"`
	Held        int `json:"held"`
	// Index is the registry's position that the node has read.
	Index uint64 `json:"index"`
	// Guards are those that are engaged.
	Guards []string `json:"guards,omitempty"`
	// Throttle is how many identifies a second are admitted; nil: no bound.
	Throttle *float64 `json:"throttle,omitempty"`
}

// Handler streams what read answers, one JSON document a line, until the reader
// leaves. Read is called twice a second for each reader.
func Handler(read func() Pulse) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/x-ndjson")
		w.Header().Set("Cache-Control", "no-store")
		tick := time.NewTicker(Period)
		defer tick.Stop()
		c := http.NewResponseController(w)
		var last Pulse
		var told time.Time
		for {
			now, at := read(), time.Now()
			if told.IsZero() || at.Sub(told) >= silence || !reflect.DeepEqual(now, last) {
				last, told = now, at
				_ = c.SetWriteDeadline(at.Add(writeLimit)) // a recorder in a test has none
				if json.NewEncoder(w).Encode(now) != nil || c.Flush() != nil {
					return
				}
			}
			select {
			case <-r.Context().Done():
				return
			case <-tick.C:
			}
		}
	})
}
