package monitor

import (
	"fmt"
	"strings"
	"testing"
)

func TestReadMetrics(t *testing.T) {
	page := `# HELP chatnode_sessions Connected sessions.
# TYPE chatnode_sessions gauge
chatnode_sessions 1900
firebreak_child_restarts_total{supervisor="root/service/api"} 3
firebreak_child_restarts_total{supervisor="a } b \" {c"} 4 1700000000
process_start_time_seconds 1.58436e+09
go_goroutines 12
other{x="\\"} NaN
`
	got, err := readMetrics(strings.NewReader(page))
	want := map[string]float64{metricSessions: 1900, metricRestarts: 7, metricStarted: 1.58436e9}
	if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("metrics: got %v and %v, want %v", got, err, want)
	}
	for _, bad := range []string{"<html>", "x", "x{", `x{a="b} 1`, "x one", "x 1 2 3", strings.Repeat("x", maxMetricLine+1) + " 1"} {
		if got, err := readMetrics(strings.NewReader(bad)); err == nil {
			t.Errorf("%.20q: got %v, want an error", bad, got)
		}
	}
}

func FuzzReadMetrics(f *testing.F) {
	f.Add(`chatnode_sessions{a="b"} 1` + "\n")
	f.Add("# x\n\n{} 0")
	f.Fuzz(func(t *testing.T, page string) {
		got, err := readMetrics(strings.NewReader(page))
		if err == nil && len(got) > 5 {
			t.Errorf("%q: got %v, want at most the five that are wanted", page, got)
		}
	})
}
