package load

import (
	"fmt"
	"strings"
)

// Report is what a load has shown, in the end.
type Report struct {
	Stats
	// Seconds is how long it ran.
	Seconds float64 `json:"seconds"`
	// Trouble is why the last message failed that did.
	Trouble string `json:"trouble,omitempty"`
	// Read is what reading the acknowledged messages back showed; nil where that was not done.
	Read *Check `json:"read_back,omitempty"`
}

// Table is the report for people.
func (r Report) Table() string {
	var text strings.Builder
	row := func(label, format string, args ...any) {
		_, _ = fmt.Fprintf(&text, "%-44s %s\n", label, fmt.Sprintf(format, args...))
	}
	latency := func(label string, l Latency) {
		if l.Count == 0 {
			row(label, "-")
			return
		}
		row(label, "p50 %s, p90 %s, p99 %s, max %s (%d)", milliseconds(l.P50), milliseconds(l.P90), milliseconds(l.P99), milliseconds(l.Max), l.Count)
	}
	row("users connected at the end", "%d of %d", r.Connected, r.Users)
	row("connections begun, failed", "%d, %d", r.Attempts, r.Failures)
	row("sessions begun, resumed, refused to resume", "%d, %d, %d", r.Ready, r.Resumed, r.ResumesRefused)
	row("connections lost, closed by the user", "%d, %d", r.Lost, r.Closed)
	row("most connects in a second", "%d", r.PerSecondMax)
	latency("dial to READY", r.ConnectLatency)
	latency("dial to RESUMED", r.ResumeLatency)
	row("guilds, unavailable at once at worst", "%d, %d", r.Guilds, r.GuildsUnavailableMax)
	if r.MessagesSent+r.MessagesSkipped == 0 {
		return text.String()
	}
	row("messages acknowledged, failed, not sent", "%d, %d, %d", r.MessagesAcked, r.MessagesFailed, r.MessagesSkipped)
	if r.Trouble != "" {
		row("why the last of those failed", "%s", r.Trouble)
	}
	row("answers 429", "%d", r.MessagesLimited)
	latency("POST to acknowledgement", r.AckLatency)
	latency("POST to MESSAGE_CREATE", r.DeliveryLatency)
	row("messages heard, twice, out of order", "%d, %d, %d", r.Deliveries, r.Duplicates, r.Disordered)
	row("acknowledged, not delivered to a witness", "%d (%d deliveries, %d came late)", r.MessagesUndelivered, r.DeliveriesMissing, r.DeliveriesLate)
	switch {
	case r.Read == nil:
		row("acknowledged, lost", "not looked for")
	case r.Read.Unknown > 0:
		row("acknowledged, lost", "%d of %d, and %d unknown (%s)", r.Read.Lost, r.Read.Read, r.Read.Unknown, r.Read.Trouble)
	default:
		row("acknowledged, lost", "%d of %d", r.Read.Lost, r.Read.Read)
	}
	return text.String()
}
