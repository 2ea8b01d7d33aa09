package incident

import (
	"math"
	"time"
)

// member is one target, and what it said last.
type member struct {
	Target
	listed time.Time // when it was last among the targets
	gone   bool      // it is not any more

	asked, told bool // since the last sweep; ever
	report      Report
	answered    time.Time
	down        bool // its end has been told
	skew        time.Duration
}

// lives tells of ends and returns. A process that was told to leave is not missed.
func (m *member) lives(r Report) []Fact {
	var facts []Fact
	another := r.Answer == Answered && r.Started != m.report.Started && r.Started != 0 && m.report.Started != 0
	if !m.down && m.told && !m.Draining && (another || r.Answer == Refused) {
		m.down = true
		facts = append(facts, Fact{Kind: Exited})
	}
	if m.down && r.Answer == Answered && r.Ready {
		m.down = false
		facts = append(facts, Fact{Kind: Returned})
	}
	return facts
}

// clock tells of a clock that differs from ours, and again when it differs otherwise.
func (m *member) clock(r Report) []Fact {
	if max(r.Skew, -r.Skew) < leastSkew || max(r.Skew-m.skew, m.skew-r.Skew) < leastSkew {
		return nil
	}
	m.skew = r.Skew
	return []Fact{{Kind: Skewed, Value: math.Round(r.Skew.Seconds())}}
}
