package registry

import (
	"errors"
	"fmt"
	"time"
)

// Rehearsal is what a start at this moment was found to give, beside what the
// process gives now. A view hides what a restart would lose: last good values of
// bad keys, rows that a guard holds. [Rehearsal.Judge] says whether that matters.
type Rehearsal struct {
	// Serving is how many instances can be picked now.
	Serving int
	// Suspect says that this process's own decoder may be at fault: its corruption
	// guard says so.
	Suspect bool
	// Listed says that the registry gave a whole listing in time; Failure is why it
	// did not.
	Listed  bool
	Failure string
	// Found is how many instances of the listing a view that knows nothing could
	// pick, Bad how many of its keys do not decode.
	Found, Bad int
	// Kept says that something saved can be believed, and Saved is how many of its
	// instances can be picked. A start uses it only while the registry is silent.
	Kept  bool
	Saved int
}

// RehearsalConfig is what a restart must give to count as safe. The zero value is
// usable.
type RehearsalConfig struct {
	// MinReady is how many instances a start has to find; 0 means one, a negative
	// number none.
	MinReady int
	// MinFraction of the instances that can be picked now must be found; 0 means a
	// half, a negative number none.
	MinFraction float64
}

// RestartVerdict says whether a restart is safe.
type RestartVerdict struct {
	Safe bool
	// Would is how many instances could be picked soon after a restart, and From
	// where they would be read: [OriginRegistry], or [OriginDisk] while the registry
	// is silent.
	Would int
	From  Origin
	// Reasons say why not, the gravest first; empty when it is safe.
	Reasons []string
}

// Judge decides.
func (c RehearsalConfig) Judge(r Rehearsal) RestartVerdict {
	least, fraction := c.MinReady, c.MinFraction
	if least == 0 {
		least = 1
	}
	if fraction == 0 {
		fraction = 0.5
	}
	v := RestartVerdict{Would: r.Found, From: OriginRegistry}
	if !r.Listed {
		v.Would, v.From = 0, OriginDisk
		if r.Kept {
			v.Would = r.Saved
		}
	}
	because := func(format string, args ...any) { v.Reasons = append(v.Reasons, fmt.Sprintf(format, args...)) }
	if r.Suspect {
		because("this process suspects its own decoder: a restart would lose the values it still has")
	}
	switch {
	case v.Would < least && r.Listed:
		because("a start would find %d instances (%d keys are bad), and needs %d", v.Would, r.Bad, least)
	case v.Would < least:
		because("the registry is silent (%s), and what is saved gives %d instances of the %d needed", r.Failure, v.Would, least)
	}
	if float64(v.Would) < fraction*float64(r.Serving) {
		because("a start would serve %d instances, and %d are served now", v.Would, r.Serving)
	}
	v.Safe = len(v.Reasons) == 0
	return v
}

// ColdStart is what a view that knows nothing makes of a listing. Decode gives the
// verdict on each value, and nothing is kept of it.
func ColdStart(directory string, cfg Config, l Listing, decode func(Entry) (Instance, error), now time.Time) *Snapshot {
	v := NewView(directory, cfg)
	queue := v.Resync(l, now)
	for len(queue) > 0 {
		step := queue[0]
		queue = queue[1:]
		judge, ok := step.(Judge)
		if !ok {
			continue
		}
		e := judge.Entry
		in, err := decode(e)
		if err != nil {
			fault, known := errors.AsType[*Fault](err)
			if !known {
				fault = &Fault{Class: ClassSemantic, Reason: err.Error()}
			}
			queue = append(queue, v.Reject(e.Key, e.Index, fault, now)...)
			continue
		}
		queue = append(queue, v.Accept(e.Key, e.Index, in, now)...)
	}
	return v.Snapshot(now)
}
