package incident

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Numbers of a [Fleet].
const (
	// MaxTargets is how many are watched; the rest is counted.
	MaxTargets = 256
	// leastCalls is how many calls make a reading of [Calls].
	leastCalls = 20
	// leastSkew is the difference of two clocks that is told. The dates that are
	// compared have whole seconds.
	leastSkew = 2 * time.Second
	// missedFor is how long a target that left without a word counts as down.
	missedFor = 10 * time.Minute
	// believedFor is how long the sessions of a silent target are believed to stay.
	believedFor = 30 * time.Second
)

// Fleet makes readings and facts of what the targets say. It is pure, and used by
// one goroutine at a time.
type Fleet struct {
	members map[string]*member
	dropped int

	swept         time.Time
	restarts      float64 // since the last sweep
	calls, failed float64 // since the last reading of Calls
	blind         bool
	throttle      float64
	repairs       Repairs
	apis          int
}

// NewFleet knows nobody yet.
func NewFleet() *Fleet { return &Fleet{members: map[string]*member{}, throttle: -1} }

// Expect says who the targets are now. One that is gone without having said that it
// drains counts as down for ten minutes.
func (f *Fleet) Expect(now time.Time, targets []Target) {
	for _, m := range f.members {
		m.gone = true
	}
	f.dropped = 0
	for _, t := range targets {
		m := f.members[t.ID]
		if m == nil && len(f.members) >= MaxTargets {
			f.dropped++
			continue
		}
		if m == nil {
			m = &member{report: Report{Sessions: -1, Throttle: -1}}
			f.members[t.ID] = m
		}
		m.Target, m.listed, m.gone = t, now, false
	}
	maps.DeleteFunc(f.members, func(_ string, m *member) bool {
		return m.gone && (m.Draining || !m.told || now.Sub(m.listed) > missedFor)
	})
}

// Take notes what a target said; one that is not expected is not heard.
func (f *Fleet) Take(now time.Time, r Report) []Fact {
	m := f.members[r.Target]
	if m == nil || m.gone {
		return nil
	}
	var facts []Fact
	if m.Role == ChatNode {
		facts = m.lives(r)
	}
	m.asked = true
	switch r.Answer {
	case Answered:
		f.count(m.report, r)
		facts = append(facts, m.clock(r)...)
		m.report, m.answered, m.told = r, now, true
	case Refused:
		m.report.Answer, m.report.Ready = r.Answer, false
		if m.told {
			m.report.Sessions = 0
		}
	case Silent:
		m.report.Answer, m.report.Ready = r.Answer, false
	}
	return facts
}

// count adds what a process counted since it was last asked. One that was never
// asked before may have counted for days.
func (f *Fleet) count(before, now Report) {
	if before.Started == 0 && before.Answer != Answered {
		return
	}
	since := func(before, now float64) float64 {
		if now < before {
			return max(now, 0)
		}
		return now - before
	}
	if before.Started != now.Started {
		before = Report{}
		f.restarts++
	}
	f.restarts += since(before.Restarts, now.Restarts)
	f.calls += since(before.Calls, now.Calls)
	f.failed += since(before.Failed, now.Failed)
}

// Sweep is the end of one round of questions: it returns what was measured in it.
func (f *Fleet) Sweep(now time.Time) ([]Reading, []Fact) {
	elapsed := now.Sub(f.swept)
	first := f.swept.IsZero()
	f.swept = now
	heard := f.heard()
	facts := f.changes(heard)
	if len(f.members) == 0 || !f.anyAsked() {
		return nil, facts
	}
	defer func() {
		for _, m := range f.members {
			m.asked = false
		}
	}()
	if f.blind {
		return []Reading{{Capacity, 0}}, facts
	}
	var readings []Reading
	if nodes := f.component(ChatNode); nodes.Known > 0 {
		readings = append(readings, Reading{Capacity, float64(nodes.Ready) / float64(nodes.Known)})
	}
	if sessions, ok := f.sessions(now); ok {
		readings = append(readings, Reading{Sessions, sessions})
	}
	if !first && elapsed > 0 {
		readings = append(readings, Reading{Restarts, f.restarts / elapsed.Seconds()})
	}
	f.restarts = 0
	if f.calls >= leastCalls {
		readings = append(readings, Reading{Calls, 1 - min(f.failed/f.calls, 1)})
		f.calls, f.failed = 0, 0
	}
	return readings, facts
}

func (f *Fleet) anyAsked() bool {
	for _, m := range f.members {
		if m.asked {
			return true
		}
	}
	return false
}

// heard says whether anybody or any machine answered in this round.
func (f *Fleet) heard() bool {
	for _, m := range f.members {
		if m.asked && m.report.Answer != Silent {
			return true
		}
	}
	return false
}

// changes are the facts about the whole.
func (f *Fleet) changes(heard bool) []Fact {
	var facts []Fact
	if blind := !heard && f.anyAsked(); blind != f.blind && (blind || heard) {
		f.blind = blind
		kind := Sighted
		if blind {
			kind = Blind
		}
		facts = append(facts, Fact{Kind: kind})
	}
	if rate, automatic := f.tightest(); f.anotherRate(rate, automatic) {
		f.throttle = rate
		if rate < 0 {
			facts = append(facts, Fact{Kind: Unthrottled})
		} else {
			facts = append(facts, Fact{Kind: Throttled, Value: rate})
		}
	}
	if repairs := f.scan(); repairs != f.repairs && repairs != RepairsUnknown {
		if repairs == RepairsStopped {
			facts = append(facts, Fact{Kind: RepairsPaused})
		} else if f.repairs == RepairsStopped {
			facts = append(facts, Fact{Kind: RepairsReleased})
		}
		f.repairs = repairs
	}
	if apis := f.component(APINode).Known; apis != f.apis {
		if f.apis > 0 {
			facts = append(facts, Fact{Kind: Scaled, Value: float64(apis)})
		}
		f.apis = apis
	}
	return facts
}

// tightest is the lowest of the chat nodes' limits; below 0 where there is none.
func (f *Fleet) tightest() (rate float64, automatic bool) {
	rate = -1
	for _, m := range f.members {
		if r := m.report.Throttle; m.Role == ChatNode && m.report.Answer == Answered && r >= 0 && (rate < 0 || r < rate) {
			rate, automatic = r, m.report.Automatic
		}
	}
	return rate, automatic
}

// anotherRate says whether a limit is worth telling: each that somebody has set, and
// of those that nodes find themselves a half and a double.
func (f *Fleet) anotherRate(rate float64, automatic bool) bool {
	if automatic && rate >= 0 && f.throttle >= 0 {
		return rate != f.throttle && (rate*2 <= f.throttle || rate >= f.throttle*2)
	}
	return rate != f.throttle
}

func (f *Fleet) scan() Repairs {
	for _, m := range f.members {
		if m.Role == Store && m.report.Answer == Answered && m.report.Repairs != RepairsUnknown {
			return m.report.Repairs
		}
	}
	return RepairsUnknown
}

// sessions adds up what the chat nodes have. The ones of a node that is silent are
// believed to stay for a while: nobody knows.
func (f *Fleet) sessions(now time.Time) (sum float64, known bool) {
	for _, m := range f.members {
		if m.Role != ChatNode || m.report.Sessions < 0 {
			continue
		}
		known = true
		if m.report.Answer != Silent || now.Sub(m.answered) <= believedFor {
			sum += m.report.Sessions
		}
	}
	return sum, known
}

// Component is how many of a role there are.
type Component struct {
	Role Role `json:"role"`
	// Known are those that should be there, Ready those that say they are.
	Known int `json:"known"`
	Ready int `json:"ready"`
}

func (f *Fleet) component(r Role) Component {
	c := Component{Role: r}
	for _, m := range f.members {
		if m.Role != r || m.Draining {
			continue
		}
		c.Known++
		if m.report.Ready && m.report.Answer == Answered && !m.gone {
			c.Ready++
		}
	}
	return c
}

// Components returns every role that is watched.
func (f *Fleet) Components() []Component {
	all := []Component{}
	for _, r := range Roles() {
		if c := f.component(r); c.Known > 0 {
			all = append(all, c)
		}
	}
	return all
}

// Skew is how far the clock of a target is ahead of ours, of the one that is furthest
// off.
func (f *Fleet) Skew() time.Duration {
	var worst time.Duration
	for _, m := range f.members {
		if s := m.report.Skew; max(s, -s) >= leastSkew && cmp.Compare(max(s, -s), max(worst, -worst)) > 0 {
			worst = s
		}
	}
	return worst
}

// Targets returns who is to be asked, in order.
func (f *Fleet) Targets() []Target {
	var all []Target
	for _, m := range f.members {
		if !m.gone {
			all = append(all, m.Target)
		}
	}
	slices.SortFunc(all, func(a, b Target) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// Dropped is how many targets are over the limit.
func (f *Fleet) Dropped() int { return f.dropped }
