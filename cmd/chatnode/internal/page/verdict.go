package page

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// When a verdict says what.
const (
	// spreadTime is how long after a node fell the trouble counts as spreading.
	spreadTime = 3 * time.Second
	// missedPart of the users may be away without anybody calling it a loss.
	missedPart = 0.01
	// stormPart of the users trying to connect in a second is a reconnect storm.
	stormPart = 0.05
)

// situation is what a verdict is about: figures of one moment, and nothing that
// has stopped being true.
type situation struct {
	serving, over bool
	summary       string // of an act that is over
	users         int
	sessions      int
	before        int // the most sessions there were
	// The chat nodes: those that serve, that restart their watchers, that have
	// fallen silent, and that are not there.
	nodes, up, restarting, silent, down int
	// fallen are those of them that ended by themselves, killed by nobody.
	fallen    int
	bad       int
	offered   float64
	exits     int   // since the act began
	lost      int64 // the same
	spreading bool  // a node has fallen in the last seconds
}

// judge says it in words.
func judge(s situation) Verdict {
	level := s.level()
	return Verdict{Level: level, Text: string(level) + ": " + s.words(level)}
}

func (s situation) level() Level {
	hurt := s.down > 0 || s.missing() > 0
	switch {
	case s.over:
		return LevelOver
	case !s.serving:
		return LevelStarting
	case s.bad > 0 && (s.restarting > 0 || s.fallen > 0), s.spreading && s.fallen > 1, s.fallen > 0 && s.storm():
		return LevelCascading
	case hurt || s.restarting > 0 || s.silent > 0 || s.storm():
		return LevelRecovering
	case s.bad > 0:
		return LevelPoisoned
	}
	return LevelOK
}

func (s situation) words(level Level) string {
	switch level {
	case LevelStarting:
		return fmt.Sprintf("%d of %s up, %s of %s connected", s.up, plural(s.nodes, "node"), thousands(s.sessions), plural(s.users, "user"))
	case LevelOK:
		return fmt.Sprintf("%d of %s up, %s of %s connected, no bad key", s.up, plural(s.nodes, "node"), thousands(s.sessions), plural(s.users, "user"))
	case LevelPoisoned:
		return fmt.Sprintf("%s bad, %s affected", plural(s.bad, "key"), plural(s.nodes-s.up, "node"))
	case LevelCascading, LevelRecovering:
		return s.trouble()
	case LevelOver:
		return s.summary
	}
	return ""
}

// trouble says what is wrong, part by part.
func (s situation) trouble() string {
	var parts []string
	add := func(is bool, format string, args ...any) {
		if is {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	add(s.bad > 0, "%s bad", plural(s.bad, "key"))
	add(s.down > 0, "%d of %s down", s.down, plural(s.nodes, "node"))
	add(s.restarting > 0, "%d restarting their watchers", s.restarting)
	add(s.silent > 0, "%d silent", s.silent)
	add(s.missing() > 0, "sessions −%d %%", s.missing())
	add(s.storm(), "reconnect storm")
	return strings.Join(parts, ", ")
}

// missing is the part of the sessions that is gone, in percent; 0 for next to none.
func (s situation) missing() int {
	gone := s.before - s.sessions
	if s.before == 0 || float64(gone) <= missedPart*float64(s.before) {
		return 0
	}
	return max(1, (100*gone+s.before/2)/s.before)
}

// storm says that many users who were lost try to connect at once.
func (s situation) storm() bool {
	away := s.sessions < s.before && (s.lost > 0 || s.exits > 0)
	return s.serving && away && s.offered >= max(10, stormPart*float64(s.users))
}

// capacity is the room for sessions on the nodes that serve.
func (s situation) capacity() int {
	if s.nodes == 0 {
		return 0
	}
	return s.users * (s.up + s.restarting) / s.nodes
}

// plural writes a number and what it counts.
func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return thousands(n) + " " + what + "s"
}

// thousands writes a number with commas.
func thousands(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
