package brake_test

import (
	"fmt"
	"time"

	"github.com/firebreak-go/firebreak/supervision/brake"
)

// Half of the nodes are lost: the repairs pause, and go on when the nodes have been back for a while.
func Example() {
	m, err := brake.New(brake.Config{}, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	m.Step(0, brake.Event{Kind: brake.EventRegister, Job: "repairs", Level: brake.Brake})
	for second := 0; second < 100; second += 10 {
		capacity := 1.0
		if second == 10 {
			capacity = 0.5
		}
		now := time.Duration(second) * time.Second
		for _, s := range m.Step(now, brake.Event{Kind: brake.EventReport, Report: brake.Report{Capacity: capacity}}) {
			switch s.Kind {
			case brake.StepLevel:
				fmt.Printf("%v: level %v, %v\n", now, s.Level, s.Cause)
			case brake.StepPause, brake.StepRelease:
				fmt.Printf("%v: %v %s\n", now, s.Kind, s.Job)
				m.Step(now, brake.Event{Kind: brake.EventAcknowledge, Job: s.Job, Paused: s.Kind == brake.StepPause})
			case brake.StepSilent, brake.StepSpoke, brake.StepRefuse:
			}
		}
	}
	// Output:
	// 10s: level stop, raised
	// 10s: pause repairs
	// 40s: level brake, lowered
	// 1m10s: level watch, lowered
	// 1m10s: release repairs
}
