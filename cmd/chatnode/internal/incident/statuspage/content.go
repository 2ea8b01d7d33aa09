package statuspage

import (
	"fmt"
	"strings"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/incident"
)

// content is what the template prints.
type content struct {
	Title, Glyph, Text string
	State              incident.State
	At                 time.Time
	Open               uint64 // the open incident; 0 for none
	Skew               string
	Components         []line
	Signals            []line
	Incidents          []story
	Before             uint64
}

// line is a row of a table.
type line struct {
	Name, Class, Word string
	Ready, Known      int
	Now, Past         string
}

type story struct {
	ID                           uint64
	Class, Glyph, Severity, Word string
	Began                        time.Time
	Length                       string
	Expanded                     bool
	Figures                      []figure
	Timeline                     []moment
	Omitted                      int
}

type figure struct{ Name, Value string }

type moment struct {
	At, Text string
	Marked   bool
}

func newContent(v incident.View) content {
	c := content{
		State: v.State, Glyph: glyph(v.State), Text: v.State.Text(), At: v.At, Before: v.Before,
	}
	c.Title = c.Text + " · Chat cluster status"
	if v.SkewSeconds != 0 {
		c.Skew = incident.Entry{Kind: incident.Skewed, Value: v.SkewSeconds, Times: 1}.Text()
	}
	for _, k := range v.Components {
		l := line{Name: k.Role.Text(), Class: "none", Word: "✓ operational", Ready: k.Ready, Known: k.Known}
		switch {
		case k.Ready == 0:
			l.Class, l.Word = "sev1", "✕ down"
		case k.Ready < k.Known:
			l.Class, l.Word = "sev2", "▲ degraded"
		}
		c.Components = append(c.Components, l)
	}
	for _, s := range v.Signals {
		c.Signals = append(c.Signals, newSignal(s))
	}
	for n, i := range v.Incidents {
		if i.Open() {
			c.Open = i.ID
		}
		c.Incidents = append(c.Incidents, newStory(i, n == 0))
	}
	return c
}

func newSignal(s incident.SignalView) line {
	l := line{Name: s.Signal.Text(), Class: "none", Word: "✓ as usual", Now: "–", Past: "–"}
	if s.Value != nil {
		l.Now = s.Signal.Format(*s.Value)
	}
	if s.Baseline != nil {
		l.Past = s.Signal.Format(*s.Baseline)
	}
	switch {
	case s.Value == nil:
		l.Class, l.Word = "unknown", "? not known"
	case s.Severity > incident.None:
		l.Class, l.Word = strings.ToLower(s.Severity.String()), "▲ worse, "+s.Severity.String()
	}
	return l
}

func newStory(i incident.Incident, first bool) story {
	s := story{
		ID: i.ID, Severity: i.Severity.String(), Class: strings.ToLower(i.Severity.String()), Began: i.Began,
		Glyph: "✓", Word: "closed; it began", Expanded: first || i.Open(), Omitted: i.Omitted,
	}
	if i.Open() {
		s.Glyph, s.Word = "●", "open since"
	} else {
		s.Length = "and lasted " + span(i.Closed.Sub(i.Began).Milliseconds())
	}
	d := i.Durations()
	for _, f := range []struct {
		name string
		ms   *int64
	}{{"To the page", d.ToPage}, {"To the brakes", d.ToBrakes}, {"To recovery", d.ToRecovery}} {
		value := "not yet"
		if !i.Open() {
			value = "none"
		}
		if f.ms != nil {
			value = span(*f.ms)
		}
		s.Figures = append(s.Figures, figure{f.name, value})
	}
	for _, e := range i.Extents {
		s.Figures = append(s.Figures, figure{e.Signal.Text(), fmt.Sprintf("%s, from %s", e.Signal.Format(e.Worst), e.Signal.Format(e.Baseline))})
	}
	for _, e := range i.Timeline {
		marked := e.Kind == incident.Paged || e.Kind == incident.Escalated || e.Kind == incident.Recovered || e.Kind == incident.Closed
		s.Timeline = append(s.Timeline, moment{"+" + span(e.AfterMS), e.Text(), marked})
	}
	return s
}

func glyph(s incident.State) string {
	switch s {
	case incident.Operational:
		return "✓"
	case incident.Degraded, incident.PartialOutage:
		return "▲"
	case incident.MajorOutage:
		return "✕"
	case incident.Recovering:
		return "↻"
	case incident.Unknown:
	}
	return "?"
}

// span writes milliseconds as people say them.
func span(ms int64) string {
	switch d := time.Duration(ms) * time.Millisecond; {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%.0f s", d.Truncate(time.Second).Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%d min %02d s", int(d.Minutes()), int(d.Seconds())%60)
	default:
		return fmt.Sprintf("%d h %02d min", int(d.Hours()), int(d.Minutes())%60)
	}
}
