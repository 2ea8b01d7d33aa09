package registry

import "time"

// Verdict is what the consumers of a fleet say together of a value that is bad here.
type Verdict uint8

// The verdicts.
const (
	// VerdictOpen: nobody else has said anything yet.
	VerdictOpen Verdict = iota
	// VerdictData: another consumer cannot read it either.
	VerdictData
	// VerdictLocal: nobody else complains, so that the fault may be in here.
	VerdictLocal
)

// String names the verdict.
func (v Verdict) String() string {
	switch v {
	case VerdictOpen:
		return "open"
	case VerdictData:
		return "data"
	case VerdictLocal:
		return "local"
	}
	return "unknown"
}

// FleetStep is what a [Fleet] answers.
//
//sumtype:decl
type FleetStep interface{ fleetStep() }

// Complain asks to write a complaint, when so much time has passed; see
// [RoomToComplain].
type Complain struct {
	Complaint Complaint
	After     time.Duration
}

// Confirmed says that other consumers cannot read a value either: it is the data.
type Confirmed struct {
	Key       string
	Complaint Complaint
	// Others is how many they are.
	Others int
}

// SelfSuspected says that nobody else complains of a value: this process's decoder
// may be at fault, or it is the only consumer. It complains no more, and its
// announcers repair nothing that they cannot read.
type SelfSuspected struct {
	Key       string
	Complaint Complaint
}

// SelfCleared says that the suspicion is over.
type SelfCleared struct{ After time.Duration }

func (Complain) fleetStep()      {}
func (Confirmed) fleetStep()     {}
func (SelfSuspected) fleetStep() {}
func (SelfCleared) fleetStep()   {}

// Suspect reports whether this process suspects its own decoder: because nobody
// else complains of what it cannot read, or because a guard of one of its views
// says so.
func (f *Fleet) Suspect() bool {
	for _, doubted := range f.doubted {
		if doubted {
			return true
		}
	}
	return f.suspect
}

// Verdict is what the fleet says of a key that is bad here.
func (f *Fleet) Verdict(key string) Verdict {
	if c := f.charges[key]; c != nil {
		return c.verdict
	}
	return VerdictOpen
}

// Verdicts are those of all keys that are bad here.
func (f *Fleet) Verdicts() map[string]Verdict {
	all := make(map[string]Verdict, len(f.charges))
	for key, c := range f.charges {
		all[key] = c.verdict
	}
	return all
}

// judge gives each charge its verdict, and this process its own.
func (f *Fleet) judge(now time.Time) []FleetStep {
	var steps []FleetStep
	alone, confirmed := "", false
	for _, key := range f.keys() {
		c := f.charges[key]
		others := f.others(c, now, true)
		switch {
		case others > 0 && c.verdict != VerdictData:
			steps = append(steps, Confirmed{Key: key, Complaint: c.Complaint, Others: others})
			c.verdict = VerdictData
		case c.verdict == VerdictOpen && c.readable() && !c.madeAt.IsZero() && now.Sub(c.madeAt) >= f.cfg.VerdictAfter:
			c.verdict = VerdictLocal
		}
		confirmed = confirmed || c.verdict == VerdictData
		if c.verdict == VerdictLocal && alone == "" {
			alone = key
		}
	}
	switch {
	case !f.suspect && alone != "" && !confirmed:
		f.suspect, f.since = true, now
		steps = append(steps, SelfSuspected{Key: alone, Complaint: f.charges[alone].Complaint})
	case f.suspect && (alone == "" || confirmed || now.Sub(f.since) >= f.cfg.SuspectFor):
		steps = append(steps, SelfCleared{After: now.Sub(f.since)})
		f.becomeClear(now)
	}
	return steps
}

// becomeClear asks anew about what nobody else complained of.
func (f *Fleet) becomeClear(now time.Time) {
	f.suspect = false
	for key, c := range f.charges {
		if c.verdict == VerdictLocal {
			c.verdict, c.madeAt, c.dueAt = VerdictOpen, time.Time{}, f.soonest(key, now)
		}
	}
}

// readable reports whether another decoder might read the value.
func (c *charge) readable() bool {
	return c.Class != ClassEmpty.String() && c.Class != ClassNull.String() && c.Class != ClassOversize.String()
}

// others counts the other consumers whose complaints of the key stand, of the same
// write or of any.
func (f *Fleet) others(c *charge, now time.Time, same bool) int {
	n := 0
	for _, other := range f.heard[f.Key(c.Complaint)] {
		if !now.After(other.until) && (!same || other.Same(c.Complaint)) {
			n++
		}
	}
	return n
}
