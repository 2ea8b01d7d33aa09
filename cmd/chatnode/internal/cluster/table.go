package cluster

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	minColumn = 12
	columnGap = 3
)

// row is one line of the table: what it is about, and how an act's figure reads.
type row struct {
	label string
	value func(ActResult) string
}

// rows are the table, top to bottom, in words that need no manual.
func rows() []row {
	return []row{
		{"bad record in etcd, as read back", func(a ActResult) string { return recordText(a.Poison) }},
		{"until the good one replaced it", func(a ActResult) string { return milliseconds(a.Poison.DurationMS) }},
		{},
		{"chat nodes that exited", func(a ActResult) string { return outOf(a.NodesExited, a.Nodes) }},
		{"exits of chat nodes, by exit code", exitsText},
		{"chat nodes down at once, at worst", func(a ActResult) string { return fmt.Sprintf("%.0f %%", 100*a.PeakCapacityLost) }},
		{"somebody was paged, after the bad write", func(a ActResult) string { return whenTold(a.PoisonToPageMS) }},
		{"watchers restarted by their supervisor", func(a ActResult) string { return thousands(a.WatcherRestarts) }},
		{},
		{"users connected before", func(a ActResult) string { return thousands(a.SessionsBefore) }},
		{"sessions lost", func(a ActResult) string { return thousands(a.SessionsLost) }},
		{"time users were offline, added up", func(a ActResult) string { return offline(a.LostSessionSeconds) }},
		{"99 % of users back, after the good one", recoveryText},
		{"attempts to reconnect", func(a ActResult) string { return thousands(a.ReconnectAttempts) }},
		{"sessions resumed", func(a ActResult) string { return thousands(a.ResumesOK) }},
		{},
		{"messages acknowledged", func(a ActResult) string { return thousands(a.MessagesAcked) }},
		{"  lost afterwards", func(a ActResult) string { return thousands(a.MessagesLost) }},
		{"  not told to somebody who was there", func(a ActResult) string { return thousands(a.MessagesUndelivered) }},
		{"guilds unavailable at once, at worst", func(a ActResult) string { return strconv.Itoa(a.GuildsUnavailableMax) }},
		{},
		{"API nodes to choose from, before", func(a ActResult) string { return thousands(a.APIInstancesBefore) }},
		{"API nodes to choose from, at worst", func(a ActResult) string { return thousands(a.APIInstancesMin) }},
		{"chat nodes that quarantined the bad key", func(a ActResult) string { return outOf(a.QuarantinedNodes, a.Nodes) }},
		{"  the last of them, after the bad write", func(a ActResult) string { return whenQuarantined(a, a.QuarantineEnteredMS) }},
		{"  released by the last, after the good one", func(a ActResult) string { return whenQuarantined(a, a.QuarantineHealedMS) }},
	}
}

// printTable writes what the acts showed, side by side, and what follows from it.
func printTable(w io.Writer, r Results) error {
	table := rows()
	labels := 0
	for _, row := range table {
		labels = max(labels, len(row.label))
	}
	columns := make([]int, len(r.Acts))
	width := labels
	for i, act := range r.Acts {
		columns[i] = max(len(act.Profile), minColumn)
		for _, row := range table {
			if row.value != nil {
				columns[i] = max(columns[i], utf8.RuneCountInString(row.value(act)))
			}
		}
		width += columnGap + columns[i]
	}
	line := func(label string, value func(ActResult) string) string {
		cells := fmt.Sprintf("%-*s", labels, label)
		for i, act := range r.Acts {
			cells = fmt.Sprintf("%s%*s", cells, columnGap+columns[i], value(act))
		}
		return cells + "\n"
	}
	rule := strings.Repeat("-", width) + "\n"

	var text strings.Builder
	text.WriteString("\n" + line("chat nodes of profile", func(a ActResult) string { return a.Profile }) + rule)
	for _, row := range table {
		if row.value == nil {
			text.WriteByte('\n')
			continue
		}
		text.WriteString(line(row.label, row.value))
	}
	text.WriteString(rule + wrap(verdict(r.Acts), width))
	for _, act := range r.Acts {
		for _, n := range act.Notes {
			text.WriteString(wrap("Note, act "+act.Profile+": "+n, width))
		}
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// wrap breaks text into lines of at most width columns, where words allow it.
func wrap(text string, width int) string {
	var out, line string
	for word := range strings.FieldsSeq(text) {
		if line != "" && len(line)+1+len(word) > width {
			out, line = out+line+"\n", ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return out + line + "\n"
}

// verdict says in one sentence what the figures show.
func verdict(acts []ActResult) string {
	parts := make([]string, 0, len(acts))
	for _, a := range acts {
		parts = append(parts, verdictOf(a))
	}
	return "One bad record in etcd: " + strings.Join(parts, "; ") + "."
}

func verdictOf(a ActResult) string {
	s := "with " + a.Profile + " nodes "
	if a.NodeExits == 0 {
		s += "no chat node exited"
	} else {
		s += outOf(a.NodesExited, a.Nodes) + " chat nodes exited"
	}
	if a.SessionsLost == 0 {
		s += " and no session was lost"
	} else {
		s += " and " + count(a.SessionsLost, "session") + " " + wasOrWere(a.SessionsLost) + " lost"
	}
	if !a.Recovered {
		s += ", and it had not recovered when the act ended"
	}
	return s
}

func wasOrWere(n int64) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

func recordText(p Poison) string {
	if p.DurationMS == 0 && p.StoredValue == "" && p.StoredTTL == 0 {
		return "none"
	}
	value := quoted(p.StoredValue, 12)
	if p.StoredValue == "" {
		value = "empty"
	}
	if p.StoredTTL == 0 {
		return value + ", no TTL"
	}
	return fmt.Sprintf("%s, TTL %d s", value, p.StoredTTL)
}

func exitsText(a ActResult) string {
	if a.NodeExits == 0 {
		return "none"
	}
	codes := make([]string, 0, len(a.ExitCodes))
	for code, n := range a.ExitCodes {
		codes = append(codes, fmt.Sprintf("%d x %s", n, code))
	}
	slices.Sort(codes)
	return strings.Join(codes, ", ")
}

func recoveryText(a ActResult) string {
	switch {
	case !a.Recovered && a.RecoveredMS > 0:
		return "not within " + milliseconds(a.RecoveredMS)
	case a.RecoveredMS > 0:
		return milliseconds(a.RecoveredMS)
	case a.SessionsLost > 0:
		return "back before it"
	}
	return "never away"
}

func whenQuarantined(a ActResult, ms int64) string {
	if a.QuarantinedNodes == 0 {
		return "-"
	}
	return milliseconds(ms)
}

func whenTold(ms *int64) string {
	if ms == nil {
		return "nobody was"
	}
	return milliseconds(*ms)
}

func outOf(n, all int) string { return fmt.Sprintf("%d of %d", n, all) }

func milliseconds(ms int64) string { return seconds(time.Duration(ms) * time.Millisecond) }

// offline writes session-seconds as time.
func offline(s float64) string {
	d := time.Duration(s * float64(time.Second))
	switch {
	case d == 0:
		return "none"
	case d < time.Minute:
		return seconds(d)
	case d < time.Hour:
		return fmt.Sprintf("%d min %02d s", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%d h %02d min", int(d.Hours()), int(d.Minutes())%60)
}
