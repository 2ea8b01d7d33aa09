package gate

import (
	"math"
	"time"

	"github.com/firebreak-go/firebreak/supervision/admission"
)

// Figures is what a Gate counts, in the form that operators and the demo read. Totals are since New.
type Figures struct {
	// Ramp is as it was set: auto, off, or a rate.
	Ramp admission.Ramp `json:"ramp"`
	// Rate is how many are granted a second at present; null where there is no limit.
	Rate *float64 `json:"rate"`
	// Changed is when the rate was changed last, Cause why: ordered, climbed or fell.
	Changed time.Time `json:"changed"`
	Cause   string    `json:"cause"`
	// InFlight is how much was granted and is not done, of at most Limit.
	InFlight int `json:"in_flight"`
	Limit    int `json:"limit"`
	// IdentifyRejected counts the Identifies that were refused, and the connections that were refused at the door, since
	// nearly all of those want to identify.
	IdentifyRejected uint64 `json:"identify_rejected"`
	// QueueAgeMSMax is the longest that anybody has waited, in any lane.
	QueueAgeMSMax int64  `json:"queue_age_ms_max"`
	Lanes         []Lane `json:"lanes"`
	Door          Door   `json:"door"`
}

// Lane is the figures of one lane.
type Lane struct {
	Lane string `json:"lane"`
	// Waiting is how many wait now, OldestMS for how long the first of them, AgeMSMax the longest ever.
	Waiting  int    `json:"waiting"`
	OldestMS int64  `json:"oldest_ms"`
	AgeMSMax int64  `json:"age_ms_max"`
	Arrived  uint64 `json:"arrived"`
	Granted  uint64 `json:"granted"`
	// Refused counts by reason; Left those that did not wait for their answer.
	Refused map[string]uint64 `json:"refused"`
	Left    uint64            `json:"left"`
}

// Door is the figures of connections of which nothing was known yet.
type Door struct {
	Opened   uint64            `json:"opened"`
	Refused  map[string]uint64 `json:"refused"`
	Expected int               `json:"expected"`
}

// Figures returns the figures of this moment. They belong to the caller.
func (g *Gate) Figures() Figures {
	g.mu.Lock()
	s, changed := g.controller.Stats(g.now()), g.changed
	g.mu.Unlock()
	f := Figures{
		Ramp: s.Ramp, Changed: changed.at, Cause: changed.cause.String(), InFlight: s.InFlight, Limit: g.limit,
		Door: Door{Opened: s.Door.Opened, Refused: byReason(s.Door.Refused[:]), Expected: s.Door.Expected},
	}
	if !math.IsInf(s.Rate, 1) {
		f.Rate = &s.Rate
	}
	for i, l := range s.Lanes {
		f.Lanes = append(f.Lanes, Lane{
			Lane: admission.Lane(i).String(), Waiting: l.Waiting, OldestMS: l.Oldest.Milliseconds(), AgeMSMax: l.AgeMax.Milliseconds(),
			Arrived: l.Arrived, Granted: l.Granted, Refused: byReason(l.Refused[:]), Left: l.Left,
		})
		f.QueueAgeMSMax = max(f.QueueAgeMSMax, l.AgeMax.Milliseconds())
	}
	f.IdentifyRejected = s.Lanes[admission.Identify].RefusedTotal()
	for _, n := range s.Door.Refused {
		f.IdentifyRejected += n
	}
	return f
}

// byReason names what is counted, zeros too: a reader sees what there is to count.
func byReason(counts []uint64) map[string]uint64 {
	named := make(map[string]uint64, len(counts))
	for i, n := range counts {
		named[admission.Reason(i).String()] = n
	}
	return named
}
