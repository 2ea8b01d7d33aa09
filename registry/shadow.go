package registry

import (
	"context"
	"maps"
	"slices"
	"time"
)

// Incumbent is the list of addresses that a service uses today, wherever it has
// it from: what a view is compared with before anybody relies on it.
type Incumbent interface {
	// Addresses returns host:port of every instance in use.
	Addresses(ctx context.Context) ([]string, error)
}

// ShadowConfig tunes a [Shadow]. The zero value is usable.
type ShadowConfig struct {
	// Patience is how long a difference must last to be reported, for two systems
	// do not learn of a change in the same moment; 0 means 10 s.
	Patience time.Duration
	// Limit bounds the addresses that a report names on each side; 0 means 100.
	Limit int
}

// Shadow compares what a view would give to pickers with what is used today. It
// reports, and nothing depends on it. It belongs to one goroutine.
type Shadow struct {
	cfg ShadowConfig

	since    map[difference]time.Time // when each present difference was first seen
	reported map[difference]struct{}  // those of the last report
}

// difference is an address that only one side has.
type difference struct {
	address string
	extra   bool // the view has it
}

// ShadowReport is the differences that lasted.
type ShadowReport struct {
	// Same is how many addresses both have.
	Same int
	// Missing are used today and not in the view, Extra are in the view and not
	// used today; sorted, at most [ShadowConfig.Limit], of so many in all.
	Missing, Extra           []string
	MissingCount, ExtraCount int
	// News says that the differences are others than in the report before.
	News bool
}

// NewShadow returns a comparison that has seen nothing yet.
func NewShadow(cfg ShadowConfig) *Shadow {
	count(&cfg.Limit, 100)
	period(&cfg.Patience, 10*time.Second)
	return &Shadow{cfg: cfg, since: make(map[difference]time.Time), reported: make(map[difference]struct{})}
}

// Compare takes both lists of one moment. A list that could not be read is not
// to be given: it says nothing.
func (s *Shadow) Compare(snapshot *Snapshot, today []string, now time.Time) ShadowReport {
	var report ShadowReport
	seen := s.differences(snapshot, today, &report.Same)
	maps.DeleteFunc(s.since, func(d difference, _ time.Time) bool {
		_, still := seen[d]
		return !still
	})
	lasting := make(map[difference]struct{})
	for d := range seen {
		since, known := s.since[d]
		if !known {
			since = now
			s.since[d] = now
		}
		if now.Sub(since) >= s.cfg.Patience {
			lasting[d] = struct{}{}
		}
	}
	for d := range lasting {
		if d.extra {
			report.Extra = append(report.Extra, d.address)
		} else {
			report.Missing = append(report.Missing, d.address)
		}
	}
	report.MissingCount, report.ExtraCount = len(report.Missing), len(report.Extra)
	report.Missing, report.Extra = s.bounded(report.Missing), s.bounded(report.Extra)
	report.News = !maps.Equal(lasting, s.reported)
	s.reported = lasting
	return report
}

// differences are what one side has and the other has not.
func (s *Shadow) differences(snapshot *Snapshot, today []string, same *int) map[difference]struct{} {
	used := make(map[string]struct{}, len(today))
	for _, address := range today {
		used[address] = struct{}{}
	}
	seen := make(map[difference]struct{})
	ours := make(map[string]struct{}, len(used))
	for in := range snapshot.Instances() {
		ours[in.Address()] = struct{}{}
	}
	for address := range ours {
		if _, both := used[address]; both {
			*same++
			continue
		}
		seen[difference{address, true}] = struct{}{}
	}
	for address := range used {
		if _, both := ours[address]; !both {
			seen[difference{address, false}] = struct{}{}
		}
	}
	return seen
}

func (s *Shadow) bounded(addresses []string) []string {
	slices.Sort(addresses)
	return addresses[:min(len(addresses), s.cfg.Limit)]
}
