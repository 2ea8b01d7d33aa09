package cluster

import (
	"fmt"
	"path"
	"strconv"
	"time"

	"github.com/firebreak-go/firebreak/actors"
)

// note is one thing to tell the reader. Notes of one act with the same text
// that come soon after each other become one line.
type note struct {
	at  time.Time
	act string
	// subject is who it happened to; empty when the text says it.
	subject string
	text    string
	// amount is how many of what the text names; 0 for a text that counts nothing.
	amount int64
}

// storyteller turns an act's events into notes. Most events are worth none. It
// is used by one goroutine at a time.
type storyteller struct {
	act    string
	load   loadSampled
	before int  // the most users that were connected
	few    bool // users are fewer than they were
	good   bool // the last record seen under the key
	away   bool // guilds are unavailable
}

// tell returns the notes that one event is worth.
func (s *storyteller) tell(e event) []note {
	switch e := e.(type) {
	case processStarted:
		if e.Life > 1 {
			return s.about(e.At, e.Name, "started again")
		}
	case processExited:
		if !e.Asked {
			return s.about(e.At, e.Name, exitText(e.Code))
		}
	case processReady:
		if e.Life > 1 {
			return s.about(e.At, e.Name, "ready again")
		}
	case nodeReported:
		return s.tellNode(e)
	case loadSampled:
		return s.tellLoad(e)
	case putCut:
		return s.say(e.At, "the proxy cut the announcement between its headers and its body")
	case recordSeen:
		return s.tellRecord(e)
	case fleetScaled:
		return s.say(e.At, "autoscaler: "+e.Why)
	case putForwarded, processFailed, clusterMeasured:
	}
	return nil
}

func (s *storyteller) tellNode(e nodeReported) []note {
	if e.Kind == actors.EventChildRestarting {
		return s.about(e.At, e.Node, "restarted the watcher of the API directory")
	}
	if e.Kind == actors.EventKeyQuarantined {
		return s.about(e.At, e.Node, fmt.Sprintf("quarantined %s (value: %s)", path.Base(e.Key), e.Class))
	}
	if e.Kind == actors.EventKeyReleased {
		return s.about(e.At, e.Node, "released "+path.Base(e.Key))
	}
	return nil
}

func (s *storyteller) tellLoad(e loadSampled) []note {
	prev := s.load
	s.load, s.before = e, max(s.before, e.Connected)
	if prev.Life != e.Life {
		prev.Lost = 0
	}
	var notes []note
	if lost := e.Lost - prev.Lost; lost > 0 {
		notes = append(notes, note{at: e.At, act: s.act, text: "sessions lost", amount: lost})
	}
	if s.few && enough(e.Connected, s.before) {
		s.few = false
		notes = append(notes, s.say(e.At, fmt.Sprintf("%s of %s users are connected again", thousands(e.Connected), thousands(s.before)))...)
	}
	if e.Unavailable > 0 && !s.away {
		s.away = true
		notes = append(notes, s.say(e.At, "guilds are unavailable")...)
	}
	if e.Unavailable == 0 && s.away {
		s.away = false
		notes = append(notes, s.say(e.At, "all guilds are available again")...)
	}
	// Users that have not all come yet are no loss.
	s.few = s.few || e.Lost > prev.Lost && !enough(e.Connected, s.before)
	return notes
}

func (s *storyteller) tellRecord(e recordSeen) []note {
	before := s.good
	s.good = e.Good
	if e.Good && before {
		return nil // written again, as at every beat of its announcer
	}
	if e.Good {
		return s.say(e.At, "etcd holds a good record for "+path.Base(e.Key))
	}
	return s.say(e.At, fmt.Sprintf("etcd holds a bad record for %s: value %s, %s", path.Base(e.Key), quoted(e.Value, 32), lifetime(e.TTL)))
}

func (s *storyteller) about(at time.Time, subject, text string) []note {
	return []note{{at: at, act: s.act, subject: subject, text: text}}
}

func (s *storyteller) say(at time.Time, text string) []note {
	return []note{{at: at, act: s.act, text: text}}
}

func exitText(code int) string {
	if code == codeNotBegun {
		return exitReason(code)
	}
	return fmt.Sprintf("exited with code %d (%s)", code, exitReason(code))
}

// quoted shows a hostile value, at most so many bytes of it.
func quoted(value string, most int) string {
	if len(value) > most {
		return strconv.Quote(value[:most]) + "…"
	}
	return strconv.Quote(value)
}

func lifetime(ttl time.Duration) string {
	if ttl == 0 {
		return "never expires"
	}
	return "expires in " + ttl.String()
}
