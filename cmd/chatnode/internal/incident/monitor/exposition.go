package monitor

import (
	"bufio"
	"errors"
	"io"
	"strconv"
	"strings"
)

// The metrics that are read of a target.
const (
	metricStarted  = "process_start_time_seconds"
	metricSessions = "chatnode_sessions"
	metricCalls    = "chatnode_api_calls_total"
	metricFailed   = "chatnode_api_calls_failed_total"
	metricRestarts = "firebreak_child_restarts_total"
)

// Limits of one page of metrics.
const (
	maxMetricsBytes = 8 << 20
	maxMetricLine   = 64 << 10
)

var errNoMetrics = errors.New("monitor: that is no page of metrics")

// readMetrics reads Prometheus' text format and adds up the series of each metric
// that is wanted. One that is not there is not in the answer.
func readMetrics(page io.Reader) (map[string]float64, error) {
	sums := map[string]float64{}
	lines := bufio.NewScanner(io.LimitReader(page, maxMetricsBytes))
	lines.Buffer(nil, maxMetricLine)
	for lines.Scan() {
		line := lines.Text()
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, ok := sample(line)
		if !ok {
			return nil, errNoMetrics
		}
		switch name {
		case metricStarted, metricSessions, metricCalls, metricFailed, metricRestarts:
			sums[name] += value
		}
	}
	return sums, lines.Err()
}

// sample takes one line apart: a name, labels that may hold anything in quotes, a
// value, perhaps a time.
func sample(line string) (name string, value float64, ok bool) {
	end := strings.IndexAny(line, "{ ")
	if end <= 0 {
		return "", 0, false
	}
	name, rest := line[:end], line[end:]
	if rest[0] == '{' {
		if rest, ok = afterLabels(rest); !ok {
			return "", 0, false
		}
	}
	fields := strings.Fields(rest)
	if len(fields) == 0 || len(fields) > 2 {
		return "", 0, false
	}
	value, err := strconv.ParseFloat(fields[0], 64)
	return name, value, err == nil
}

func afterLabels(text string) (rest string, ok bool) {
	quoted, escaped := false, false
	for i, c := range []byte(text) {
		switch {
		case escaped:
			escaped = false
		case quoted && c == '\\':
			escaped = true
		case c == '"':
			quoted = !quoted
		case c == '}' && !quoted:
			return text[i+1:], true
		}
	}
	return "", false
}
