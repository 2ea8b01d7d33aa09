package autoscale_test

import (
	"fmt"
	"time"

	"github.com/firebreak-go/firebreak/supervision/autoscale"
)

// Three instances, of which each says every few seconds how busy it is.
func Example() {
	scaler, err := autoscale.New(autoscale.Config{Min: 2, Max: 6, Target: 0.6, Down: autoscale.Pace{Window: time.Minute}}, 3)
	if err != nil {
		fmt.Println(err)
		return
	}
	began := time.Date(2020, 3, 16, 14, 18, 0, 0, time.UTC)
	look := func(after time.Duration, utilisation ...float64) {
		var samples []autoscale.Sample
		for _, u := range utilisation {
			samples = append(samples, autoscale.Sample{Utilisation: u, Known: u > 0})
		}
		fmt.Println(scaler.Step(began.Add(after), samples))
	}
	look(0, 0.9, 0.9, 0.9)
	look(5*time.Second, 0.9, 0.9, 0.9, 0, 0)            // two boot
	look(20*time.Second, 1.5, 1.5, 1.5, 1.5, 1.5)       // users come back
	look(40*time.Second, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2)  // and have come
	look(100*time.Second, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2) // for a minute
	// Output:
	// 3 instances at 90 % of their capacity: want 5
	// 5 instances at 90 % of their capacity: want 5
	// 5 instances at 150 % of their capacity: want 6 where the load asks for 13: at the most there may be
	// 6 instances at 20 % of their capacity: want 6 where the load asks for 2: not wanted for long enough
	// 6 instances at 20 % of their capacity: want 2
}
