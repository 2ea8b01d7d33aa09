package admission_test

import (
	"fmt"
	"time"

	"github.com/firebreak-go/firebreak/supervision/admission"
)

// Five clients come at once where two a second may: the lanes decide who is first, and the owner ticks when it is told.
func Example() {
	c, err := admission.New(admission.Config{Ramp: admission.Ramp{Mode: admission.Manual, Rate: 2}, Patience: 2 * time.Second}, nil, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	lanes := []admission.Lane{admission.Load, admission.Identify, admission.Identify, admission.Resume, admission.Identify}
	var now time.Duration
	for id, lane := range lanes {
		show(now, c.Step(now, admission.Event{Kind: admission.EventArrive, ID: uint64(id), Lane: lane}))
	}
	for at, due := c.Next(); due; at, due = c.Next() {
		now = at
		show(now, c.Step(now, admission.Event{Kind: admission.EventTick}))
	}
	// Output:
	// 0s: load 0 may go on
	// 500ms: resume 3 may go on
	// 1s: identify 4 may go on
	// 1.5s: identify 2 may go on
	// 2s: identify 1 is refused: expired, come back in 1s
}

func show(now time.Duration, steps []admission.Step) {
	for _, s := range steps {
		if s.Kind == admission.StepGrant {
			fmt.Printf("%v: %v %d may go on\n", now, s.Lane, s.ID)
		} else {
			fmt.Printf("%v: %v %d is refused: %v, come back in %v\n", now, s.Lane, s.ID, s.Reason, s.RetryAfter)
		}
	}
}
