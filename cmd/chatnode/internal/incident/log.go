package incident

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Log decides about incidents and keeps them. It is used by one goroutine at a time.
type Log struct {
	cfg    Config
	now    time.Time // never goes back
	tracks []*track

	open   *Incident
	closed []Incident // oldest first
	next   uint64
	recent []Entry // facts that may belong to the next incident, oldest first
	// bad are the signals that were worse than their baselines when last known.
	bad map[Signal]bool
}

// Fact is something that happened, beside what is measured.
type Fact struct {
	Kind  Kind
	Value float64
}

// Step says that an incident got an entry. Paged, Escalated and Closed are to be
// told to people; after every step the log is to be saved.
type Step struct {
	Kind Kind
	// Incident is a copy.
	Incident Incident
}

// New makes an empty log.
func New(cfg Config) (*Log, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	l := &Log{cfg: cfg.withDefaults(), next: 1, bad: map[Signal]bool{}}
	for _, s := range Signals() {
		l.tracks = append(l.tracks, &track{cfg: l.cfg, signal: s})
	}
	return l, nil
}

// Restore takes in what an earlier log had, as [Log.Incidents] returned it. One
// that was open is open again, with the baselines that it had.
func (l *Log) Restore(incidents []Incident) error {
	if err := check(incidents); err != nil {
		return err
	}
	for _, i := range incidents {
		l.next = i.ID + 1
		if !i.Open() {
			l.keep(i.clone())
			continue
		}
		open := i.clone()
		l.open = &open
		for _, e := range open.Extents {
			l.bad[e.Signal] = open.Recovered.IsZero()
			l.track(e.Signal).fixAt(open.Paged, e.Baseline)
		}
	}
	return nil
}

// Observe takes readings in, also none: it decides what the time has brought.
func (l *Log) Observe(now time.Time, readings ...Reading) []Step {
	now = l.advance(now)
	for _, r := range readings {
		if t := l.track(r.Signal); t != nil && r.Signal.valid(r.Value) {
			t.read(now, r.Value)
		}
	}
	return l.decide(now)
}

// Tell takes a fact in. Before an incident it waits whether one opens.
func (l *Log) Tell(now time.Time, f Fact) []Step {
	now = l.advance(now)
	if !slices.Contains(facts(), f.Kind) || math.IsNaN(f.Value) || math.IsInf(f.Value, 0) {
		return nil
	}
	if f.Kind == Skewed {
		f.Value = min(max(f.Value, -maxSkewShown), maxSkewShown)
	}
	e := Entry{At: now, Kind: f.Kind, Times: 1, Value: f.Value}
	if l.open == nil {
		l.remember(e)
		return nil
	}
	l.open.add(e, l.cfg.Entries)
	return []Step{{f.Kind, l.open.clone()}}
}

// advance moves the log's time on; a clock that goes back stands still.
func (l *Log) advance(now time.Time) time.Time {
	now = now.Round(0) // the wall clock is what is written down
	if now.After(l.now) {
		l.now = now
	}
	return l.now
}

func (l *Log) track(s Signal) *track {
	if i := slices.IndexFunc(l.tracks, func(t *track) bool { return t.signal == s }); i >= 0 {
		return l.tracks[i]
	}
	return nil
}

// remember keeps a fact for an incident that may open soon.
func (l *Log) remember(e Entry) {
	l.recent = slices.DeleteFunc(l.recent, func(old Entry) bool { return e.At.Sub(old.At) > l.cfg.Before })
	waiting := Incident{Began: e.At, Timeline: l.recent}
	waiting.add(e, l.cfg.Entries)
	l.recent = waiting.Timeline
	if waiting.Omitted > 0 { // the oldest is the least likely to belong to what comes
		l.recent = append(l.recent[1:], e)
	}
}

// decide opens, escalates and closes.
func (l *Log) decide(now time.Time) []Step {
	worst, cause := l.look(now)
	if l.open == nil {
		if worst == None {
			return nil
		}
		return []Step{l.begin(now, worst, cause)}
	}
	var steps []Step
	if worst > l.open.Severity {
		l.open.Severity = worst
		steps = append(steps, l.decided(Entry{At: now, Kind: Escalated, Severity: worst, Signal: cause}))
	}
	switch {
	case worst > None && !l.open.Recovered.IsZero():
		l.open.Recovered = time.Time{}
		steps = append(steps, l.decided(Entry{At: now, Kind: Relapsed, Severity: worst, Signal: cause}))
	case l.open.Recovered.IsZero() && l.well(now):
		l.open.Recovered = now
		steps = append(steps, l.decided(Entry{At: now, Kind: Recovered}))
	case !l.open.Recovered.IsZero() && l.well(now) && now.Sub(l.open.Recovered) >= l.cfg.Hold:
		steps = append(steps, l.end(now))
	}
	return steps
}

// look judges every signal, notes how far it is from its baseline, and returns the
// worst.
func (l *Log) look(now time.Time) (worst Severity, cause Signal) {
	for _, t := range l.tracks {
		s, known := t.severity(now, 1)
		if !known {
			continue
		}
		if s > worst {
			worst, cause = s, t.signal
		}
		if s > None {
			l.bad[t.signal] = true
		}
		if l.open != nil && s > None {
			l.extend(now, t, s)
		}
	}
	return worst, cause
}

// extend notes how bad a signal is, if it is worse than it was.
func (l *Log) extend(now time.Time, t *track, s Severity) {
	level, _ := t.level(now)
	baseline, _ := t.baseline(now)
	i := slices.IndexFunc(l.open.Extents, func(e Extent) bool { return e.Signal == t.signal })
	if i < 0 {
		t.fix(now)
		l.open.Extents = append(l.open.Extents, Extent{t.signal, baseline, level, s})
		return
	}
	e := &l.open.Extents[i]
	e.Severity = max(e.Severity, s)
	if t.signal.better() {
		e.Worst = min(e.Worst, level)
	} else {
		e.Worst = max(e.Worst, level)
	}
}

// well says whether everything is back: what is measured is within half of the first
// threshold, and what was bad is measured.
func (l *Log) well(now time.Time) bool {
	measured := 0
	for _, t := range l.tracks {
		s, known := t.severity(now, 0.5)
		switch {
		case known && s > None:
			return false
		case known:
			measured++
			delete(l.bad, t.signal)
		case l.bad[t.signal] && !t.forgotten(now):
			return false
		}
	}
	return measured > 0
}

// begin opens an incident: with the facts from the first trouble on.
func (l *Log) begin(now time.Time, worst Severity, cause Signal) Step {
	i := &Incident{ID: l.next, Severity: worst, Began: now, Paged: now, Extents: []Extent{}, Timeline: []Entry{}}
	l.next++
	for _, e := range l.recent {
		if now.Sub(e.At) > l.cfg.Before {
			continue
		}
		if len(i.Timeline) == 0 {
			if !e.Kind.trouble() {
				continue
			}
			i.Began = e.At
		}
		i.put(e)
	}
	l.recent, l.open = nil, i
	for _, t := range l.tracks {
		t.fix(now)
	}
	l.look(now)
	return l.decided(Entry{At: now, Kind: Paged, Severity: worst, Signal: cause})
}

func (l *Log) end(now time.Time) Step {
	l.open.Closed = now
	step := l.decided(Entry{At: now, Kind: Closed})
	l.keep(*l.open)
	l.open = nil
	clear(l.bad)
	for _, t := range l.tracks {
		t.free(now)
	}
	return step
}

func (l *Log) decided(e Entry) Step {
	e.Times = 1
	l.open.add(e, l.cfg.Entries)
	return Step{e.Kind, l.open.clone()}
}

// keep files a closed incident; the oldest makes room.
func (l *Log) keep(i Incident) {
	l.closed = append(l.closed, i)
	if over := len(l.closed) - l.cfg.Incidents; over > 0 {
		l.closed = slices.Delete(l.closed, 0, over)
	}
}

// Incidents returns copies of what is kept, oldest first.
func (l *Log) Incidents() []Incident {
	all := make([]Incident, 0, len(l.closed)+1)
	for _, i := range l.closed {
		all = append(all, i.clone())
	}
	if l.open != nil {
		all = append(all, l.open.clone())
	}
	return all
}

// check says what is wrong with incidents that were kept.
func check(incidents []Incident) error {
	for n, i := range incidents {
		switch {
		case i.ID == 0 || n > 0 && i.ID <= incidents[n-1].ID:
			return fmt.Errorf("incident: number %d follows %d", i.ID, incidents[max(n-1, 0)].ID)
		case i.Open() && n < len(incidents)-1:
			return fmt.Errorf("incident: %d is open and not the last", i.ID)
		case i.Severity <= None || i.Severity > SEV1 || i.Began.IsZero() || i.Paged.Before(i.Began):
			return fmt.Errorf("incident: %d has no severity, or no times", i.ID)
		}
		for _, e := range i.Timeline {
			if !slices.Contains(facts(), e.Kind) && !slices.Contains(decisions(), e.Kind) {
				return fmt.Errorf("incident: %d has an entry of no known kind", i.ID)
			}
		}
		for _, e := range i.Extents {
			if !slices.Contains(Signals(), e.Signal) || !e.Signal.valid(e.Baseline) || !e.Signal.valid(e.Worst) {
				return fmt.Errorf("incident: %d has a signal that cannot be", i.ID)
			}
		}
	}
	return nil
}
