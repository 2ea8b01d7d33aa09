package actors

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/supervision"
)

// Shadowing compares a directory with the list that is used today: how one adopts
// this. The directory is watched and decoded as any other; nothing is complained
// of, and whatever is found is reported only, in events and in [Status].
type Shadowing struct {
	// Incumbent is the list that is used today. It is asked on a goroutine of its
	// own, and one call at a time may take five seconds.
	Incumbent registry.Incumbent
	// Every is the pause between two comparisons; 0 means 5 s.
	Every time.Duration
	// Config says when a difference is one.
	Config registry.ShadowConfig
}

const (
	defaultShadowEvery = 5 * time.Second
	shadowLimit        = 5 * time.Second
	// shadowNamed is how many addresses an event names on each side.
	shadowNamed = 3
)

// ShadowStatus is what the last comparison of a directory found.
type ShadowStatus struct {
	// Compared is how often both lists were there; 0 means never, and then the rest
	// says nothing.
	Compared uint64 `json:"compared"`
	// Same is how many addresses both lists have. Missing are used today and not
	// in the view, Extra the other way round, those that lasted; some are named.
	Same         int      `json:"same"`
	MissingCount int      `json:"missing_count"`
	ExtraCount   int      `json:"extra_count"`
	Missing      []string `json:"missing"`
	Extra        []string `json:"extra"`
	AgeMS        int64    `json:"age_ms"`
	// Failed is why today's list could not be read the last time.
	Failed string `json:"failed,omitzero"`
}

// shadowed is the last comparison, replaced as a whole.
type shadowed struct {
	report   registry.ShadowReport
	at       time.Time
	compared uint64
	failed   string
}

func (s *shadowed) status(now time.Time) *ShadowStatus {
	if s == nil {
		return nil
	}
	status := &ShadowStatus{
		Compared: s.compared, Same: s.report.Same, MissingCount: s.report.MissingCount, ExtraCount: s.report.ExtraCount,
		Missing: append([]string{}, s.report.Missing...), Extra: append([]string{}, s.report.Extra...), Failed: s.failed,
	}
	if !s.at.IsZero() {
		status.AgeMS = now.Sub(s.at).Milliseconds()
	}
	return status
}

// shadow is the actor that compares.
type shadow struct {
	// Fixed at construction.
	kernel  *kernel
	service *service
	calls   *caller

	// Touched only in the actor's turns.
	self       *process
	comparison *registry.Shadow
	timer      *time.Timer
	last       shadowed
}

// shadowDue: it is time to compare. incumbentRead: this is what is used today.
type (
	shadowDue     struct{ quiet }
	incumbentRead struct {
		quiet
		addresses []string
		err       error
	}
)

func newShadow(k *kernel, s *service) *shadow {
	return &shadow{kernel: k, service: s, calls: newCaller(), comparison: registry.NewShadow(s.use.Shadow.Config)}
}

func (s *shadow) start(self *process) error {
	s.self = self
	s.await()
	return nil
}

func (s *shadow) stop(supervision.Exit) {
	if s.timer != nil {
		s.timer.Stop()
	}
	s.calls.stop()
}

func (s *shadow) await() {
	s.timer = s.kernel.sendAfter(s.service.use.Shadow.Every, s.self, shadowDue{})
}

func (s *shadow) receive(message any) error {
	switch m := message.(type) {
	case shadowDue:
		self, incumbent := s.self, s.service.use.Shadow.Incumbent
		s.calls.run(shadowLimit, func(ctx context.Context) {
			addresses, err := safely(func() ([]string, error) { return incumbent.Addresses(ctx) })
			self.post(incumbentRead{addresses: addresses, err: err})
		})
	case incumbentRead:
		s.compare(time.Now(), m)
		s.await()
	}
	return nil
}

// compare reports what has changed since the last comparison. Where one of the two
// lists is not known there is nothing to compare.
func (s *shadow) compare(now time.Time, m incumbentRead) {
	failed := s.last.failed
	s.last.failed = ""
	switch {
	case m.err != nil:
		s.last.failed = bounded(m.err.Error())
		if failed == "" {
			s.kernel.events.emit(Event{Kind: EventShadowFailed, Service: s.service.name, Reason: s.last.failed})
		}
	case s.service.known.Load():
		before := s.last.report
		s.last.report = s.comparison.Compare(s.service.snapshot.Load(), m.addresses, now)
		s.last.at = now
		s.last.compared++
		if r := s.last.report; r.News || s.last.compared == 1 {
			s.tell(r, before)
		}
	}
	last := s.last
	s.service.shadowed.Store(&last)
}

func (s *shadow) tell(r, before registry.ShadowReport) {
	e := Event{Kind: EventShadowDiffers, Service: s.service.name, Instances: r.Same}
	switch {
	case r.MissingCount+r.ExtraCount > 0:
		e.Reason = fmt.Sprintf("used today and not in the view: %s; in the view and not used: %s",
			some(r.Missing, r.MissingCount), some(r.Extra, r.ExtraCount))
	case before.MissingCount+before.ExtraCount > 0 || s.last.compared == 1:
		e.Kind = EventShadowAgrees
	default:
		return
	}
	s.kernel.events.emit(e)
}

// some names a few of so many addresses. They are other people's text.
func some(addresses []string, all int) string {
	if all == 0 {
		return "none"
	}
	var named []string
	for _, address := range addresses[:min(len(addresses), shadowNamed)] {
		named = append(named, fmt.Sprintf("%.80q", address))
	}
	text := fmt.Sprintf("%d (%s", all, strings.Join(named, ", "))
	if all > len(named) {
		text += ", …"
	}
	return text + ")"
}
