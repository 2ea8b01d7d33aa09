package incident

import (
	"math"
	"slices"
	"time"
)

// trouble says whether a fact can be the beginning of an incident.
func (k Kind) trouble() bool {
	return slices.Contains([]Kind{Poisoned, GuardEngaged, GaveUp, Exited, Blind}, k)
}

// decision says whether the log itself adds it.
func (k Kind) decision() bool { return slices.Contains(decisions(), k) }

// undoes is the kind that a kind is the end of, or the beginning of.
func (k Kind) undoes() Kind {
	for _, pair := range [][2]Kind{
		{Poisoned, Healed},
		{Exited, Returned},
		{Throttled, Unthrottled},
		{RepairsPaused, RepairsReleased},
		{Blind, Sighted},
	} {
		if k == pair[0] {
			return pair[1]
		}
		if k == pair[1] {
			return pair[0]
		}
	}
	return ""
}

// add puts an entry into the timeline: with one of its kind, if nothing that matters
// lies between, else at the end. A fact over the limit is counted only; the page, the
// escalations and the end always have a place, since there are four at most.
func (i *Incident) add(e Entry, limit int) {
	if same := i.same(e); same != nil {
		same.Times += e.Times
		same.Last = e.At
		same.Value = merged(*same, e)
		return
	}
	always := e.Kind == Paged || e.Kind == Escalated || e.Kind == Closed
	if len(i.Timeline) >= limit && !always {
		i.Omitted++
		return
	}
	i.put(e)
}

func (i *Incident) put(e Entry) {
	e.AfterMS = max(e.At.Sub(i.Began).Milliseconds(), 0)
	i.Timeline = append(i.Timeline, e)
}

// same finds the entry that another of its kind belongs to. A decision is a line of
// its own; what a clock says is one line for the whole incident.
func (i *Incident) same(e Entry) *Entry {
	if e.Kind.decision() {
		return nil
	}
	for n := range slices.Backward(i.Timeline) {
		old := &i.Timeline[n]
		switch {
		case old.Kind == e.Kind && e.Kind.valued() && old.Value != e.Value:
			return nil
		case old.Kind == e.Kind:
			return old
		case e.Kind == Skewed:
		case old.Kind.decision(), old.Kind == e.Kind.undoes():
			return nil
		}
	}
	return nil
}

// valued says whether two entries of a kind with different values are two lines.
func (k Kind) valued() bool { return k == Throttled || k == Scaled }

// merged is the value of two entries of one kind: of clocks the one further off.
func merged(old, e Entry) float64 {
	if e.Kind == Skewed && math.Abs(old.Value) > math.Abs(e.Value) {
		return old.Value
	}
	return e.Value
}

// Durations are how long an incident took, from its beginning; nil for what did not
// happen.
type Durations struct {
	// ToPage, ToBrakes and ToRecovery are until somebody was told, until the first
	// throttle or pause of repairs, and until all signals were back.
	ToPage     *int64 `json:"to_page_ms"`
	ToBrakes   *int64 `json:"to_brakes_ms"`
	ToRecovery *int64 `json:"to_recovery_ms"`
}

// Durations computes them, in milliseconds.
func (i Incident) Durations() Durations {
	since := func(at time.Time) *int64 {
		ms := max(at.Sub(i.Began).Milliseconds(), 0)
		return &ms
	}
	d := Durations{ToPage: since(i.Paged)}
	if brakes, ok := i.First(Throttled, RepairsPaused); ok {
		d.ToBrakes = since(brakes.At)
	}
	if !i.Recovered.IsZero() {
		d.ToRecovery = since(i.Recovered)
	}
	return d
}
