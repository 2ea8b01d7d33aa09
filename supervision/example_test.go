package supervision_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/firebreak-go/firebreak/supervision"
)

// A supervisor with two children and the default budget of one restart in five seconds. The shell here answers at once
// that a child is up or has ended; a real one starts and stops something.
func Example() {
	machine, err := supervision.New(supervision.Spec{
		Children: []supervision.ChildSpec{{ID: "reader"}, {ID: "writer"}},
	}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	refs := map[string]supervision.Ref{}
	feed := func(now time.Duration, ev supervision.Event) {
		for mailbox := []supervision.Event{ev}; len(mailbox) > 0; mailbox = mailbox[1:] {
			for _, a := range machine.Step(now, mailbox[0]) {
				if a.Kind == supervision.ActionStartChild {
					refs[a.ID] = a.Ref
					mailbox = append(mailbox, supervision.Event{Kind: supervision.EventChildStarted, Ref: a.Ref})
				}
				if a.Kind == supervision.ActionStopChild {
					exit := supervision.Exit{Kind: supervision.ExitShutdown}
					mailbox = append(mailbox, supervision.Event{Kind: supervision.EventChildExited, Ref: a.Ref, Exit: exit})
				}
				fmt.Println(strings.TrimSpace(fmt.Sprint(now, " ", a.Kind, " ", a.ID, " ", a.Exit.Reason)))
			}
		}
	}
	crash := func(now time.Duration, id string) {
		exit := supervision.Exit{Kind: supervision.ExitPanic, Reason: "index out of range"}
		feed(now, supervision.Event{Kind: supervision.EventChildExited, Ref: refs[id], Exit: exit})
	}

	feed(0, supervision.Event{Kind: supervision.EventStart})
	crash(1*time.Second, "reader")
	crash(8*time.Second, "reader")
	crash(13*time.Second, "writer")
	// Output:
	// 0s start child reader
	// 0s start child writer
	// 0s started
	// 1s start child reader
	// 8s start child reader
	// 13s gave up writer index out of range
	// 13s stop child reader
	// 13s exit
}

// A value that does not decode is no reason to spend the restart budget: with costs by class it may crash for ever, and
// only its own child waits. A bug beyond the budget is parked.
func ExampleSpec_costs() {
	machine, err := supervision.New(supervision.Spec{
		Intensity:  supervision.Intensity{Period: 30 * time.Second}, // no bug is forgiven
		Costs:      supervision.CostsByClass(),
		Exhaustion: supervision.Park,
		Children:   []supervision.ChildSpec{{ID: "key"}},
	}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	ref := machine.Step(0, supervision.Event{Kind: supervision.EventStart})[0].Ref
	for _, class := range []supervision.Class{supervision.ClassData, supervision.ClassData, supervision.ClassBug} {
		machine.Step(0, supervision.Event{Kind: supervision.EventChildStarted, Ref: ref})
		exit := supervision.Exit{Kind: supervision.ExitError, Class: class}
		a := machine.Step(0, supervision.Event{Kind: supervision.EventChildExited, Ref: ref, Exit: exit})[0]
		fmt.Println(class, "->", a.Kind, a.Delay)
		ref = a.Ref
	}
	// Output:
	// data -> start child 0s
	// data -> start child 0s
	// bug -> parked 22.5s
}

func ExampleSpec_Validate() {
	spec := supervision.Spec{Children: []supervision.ChildSpec{{ID: "key", Backoff: supervision.DefaultProbe()}}}
	fmt.Println(spec.Validate())
	// Output:
	// supervision: child "key": with its backoff, restart 1 comes 5s or more after the first exit, so that intensity 1 in 5s is never exceeded: lengthen the period, shorten the backoff, or set Intensity.Restarts to Unlimited
}
