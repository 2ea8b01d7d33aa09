package incident_test

import (
	"fmt"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/incident"
)

// A log is told what is measured and what happened, and says when somebody is to be
// woken.
func Example() {
	log, err := incident.New(incident.Config{Hold: 5 * time.Second})
	if err != nil {
		fmt.Println(err)
		return
	}
	now := time.Date(2020, 3, 16, 14, 18, 0, 0, time.UTC)
	read := func(seconds int, sessions float64) {
		for range seconds {
			now = now.Add(time.Second)
			for _, step := range log.Observe(now, incident.Reading{Signal: incident.Sessions, Value: sessions}) {
				last := step.Incident.Timeline[len(step.Incident.Timeline)-1]
				fmt.Printf("%s %s\n", now.Format(time.TimeOnly), last.Text())
			}
		}
	}
	read(60, 2000)
	log.Tell(now, incident.Fact{Kind: incident.Poisoned})
	read(60, 1000)
	read(20, 2000)
	i, _ := log.Find(1)
	fmt.Printf("from poison to page %d ms, to recovery %d ms\n", *i.Durations().ToPage, *i.Durations().ToRecovery)
	// Output:
	// 14:19:03 Paged, SEV1: sessions were lost
	// 14:20:03 Everything measured is back
	// 14:20:08 Closed
	// from poison to page 3000 ms, to recovery 63000 ms
}
