package main

import (
	"strings"
	"testing"
)

// TestTable holds that a peer is shown at its best and ours at its worst, by medians.
func TestTable(t *testing.T) {
	list := []row{
		{name: "storm-error", what: "a storm", n: 7, sides: []string{otp, protoactor, ours}, most: 50e6, otp: 0.05},
		{name: "memory", what: "memory", n: 9, sides: []string{ours}, bytes: true, most: 1024},
		{name: "start", what: "start", n: 9, sides: []string{otp, protoactor, ours}, protoactor: 1.5},
	}
	all := make(results)
	for _, value := range []float64{900e6, 1000e6, 5000e6} {
		all.add("storm-error", otp, []sample{{"simple", value}, {"static", 2 * value}})
	}
	all.add("storm-error", protoactor, []sample{{"one", 60e6}})
	all.add("storm-error", ours, []sample{{"static", 49e6}, {"dynamic", 51e6}})
	all.add("memory", ours, []sample{{"static", 1024}})
	all.add("start", protoactor, []sample{{"bare", 2000}})
	all.add("start", ours, []sample{{"static", 3000}})
	var out strings.Builder
	if err := writeTables(&out, list, all); err != nil {
		t.Fatal(err)
	}
	want := `row      n  OTP        protoactor  ours     ours/OTP  ours/protoactor  target                 met
a storm  7  1000.0 ms  60.0 ms     51.0 ms  0.051     0.85             ≤ 50.0 ms, ≤ 0.05 × OTP  no
memory   9  -          -           1024 B   -         -                ≤ 1024 B               yes
start    9  -          2.00 µs     3.00 µs  -         1.5              ≤ 1.5 × protoactor     yes

Above: the best variant of a peer, the worst of ours. Each of them:
row          side        variant  median     least      most
storm-error  otp         simple   1000.0 ms  900.0 ms   5000.0 ms
storm-error  otp         static   2000.0 ms  1800.0 ms  10000.0 ms
storm-error  protoactor  one      60.0 ms    60.0 ms    60.0 ms
storm-error  ours        static   49.0 ms    49.0 ms    49.0 ms
storm-error  ours        dynamic  51.0 ms    51.0 ms    51.0 ms
memory       ours        static   1024 B     1024 B     1024 B
start        protoactor  bare     2.00 µs    2.00 µs    2.00 µs
start        ours        static   3.00 µs    3.00 µs    3.00 µs
`
	if got := squeeze(out.String()); got != squeeze(want) {
		t.Errorf("table: got\n%s\nwant\n%s", out.String(), want)
	}
}

// squeeze leaves one blank where columns are aligned.
func squeeze(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	return strings.Join(lines, "\n")
}
