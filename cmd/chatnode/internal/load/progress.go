package load

import (
	"fmt"
	"time"
)

const (
	// lineInterval is the least time between two progress lines, and logInterval that between two log lines.
	lineInterval = time.Second
	logInterval  = time.Minute
)

// progress is what has been said.
type progress struct {
	begin    time.Time
	lineAt   time.Time // of the last line
	loggedAt time.Time
	failures uint64
	failing  bool
	complete bool // all users have been connected
}

// report says what there is to say, at most once a second.
func (l *Load) report(said *progress, now time.Time) {
	if now.Sub(said.lineAt) < lineInterval {
		return
	}
	said.lineAt = now
	s := l.Stats()
	_, lastError := l.tally.read(now)
	failing := s.Connected == 0 && s.Failures > said.failures
	if failing && !said.failing {
		l.cfg.Log.Warn().Err(lastError).Msg("no user is connected, all keep trying")
	}
	said.failing = failing || (said.failing && s.Connected == 0) // a pause between two tries is not the end of it
	said.failures = s.Failures
	if s.Connected == s.Users && !said.complete {
		said.complete = true
		l.cfg.Log.Info().Int("users", s.Users).Dur("after", now.Sub(said.begin).Round(time.Millisecond)).Msg("all users are connected")
	}
	if l.cfg.Progress != nil {
		l.cfg.Progress(s.Line(now.Sub(said.begin)))
		return
	}
	if said.loggedAt.IsZero() {
		said.loggedAt = said.begin
	}
	if now.Sub(said.loggedAt) < logInterval {
		return
	}
	said.loggedAt = now
	line := l.cfg.Log.Info().Int("connected", s.Connected).Int("users", s.Users).Uint64("lost", s.Lost).Uint64("resumed", s.Resumed)
	if l.sender != nil {
		line = line.Uint64("acked", s.MessagesAcked).Uint64("failed", s.MessagesFailed).AnErr("trouble", l.sender.trouble()).
			Uint64("undelivered", s.MessagesUndelivered).Float64("ack_p99_ms", s.AckLatency.P99).Float64("delivery_p99_ms", s.DeliveryLatency.P99)
	}
	line.Msg("users")
}

// Line is the counters in one line for people, so long after the beginning.
func (s Stats) Line(after time.Duration) string {
	line := fmt.Sprintf("%5.0fs  connected %d/%d +%d/s, lost %d, resumed %d", after.Seconds(), s.Connected, s.Users, s.PerSecond, s.Lost, s.Resumed)
	if s.MessagesSent > 0 {
		line += fmt.Sprintf("; acked %d, failed %d, undelivered %d; p99 ack %s, heard %s",
			s.MessagesAcked, s.MessagesFailed, s.MessagesUndelivered, milliseconds(s.AckLatency.P99), milliseconds(s.DeliveryLatency.P99))
	}
	return line
}

// milliseconds writes a latency as a reader wants it.
func milliseconds(ms float64) string {
	switch {
	case ms < 10:
		return fmt.Sprintf("%.1f ms", ms)
	case ms < 10_000:
		return fmt.Sprintf("%.0f ms", ms)
	}
	return fmt.Sprintf("%.1f s", ms/1000)
}
