package registry

import (
	"time"
)

// Refuse takes the verdict that the consumer of a directory did not take the
// key's value at index this time: it returned an error, or panicked. The reason
// for that may have nothing to do with the value, so the consumer is to be asked
// again with backoff, which is its owner's business: the value stays
// [View.Pending]. After [Config.Refusals] times the key is in quarantine, as
// [ClassRefused]; from then on the consumer is asked again whenever the key is
// read again. Meanwhile the last value that it took is served.
func (v *View) Refuse(key string, index Index, reason string, now time.Time) []Step {
	r := v.records[key]
	if r == nil || r.absent || r.newest.Index != index || r.verdict != unjudged {
		return v.Reject(key, index, &Fault{Class: ClassRefused, Reason: reason}, now)
	}
	r.refusals++
	if r.refusals < v.cfg.Refusals {
		steps := v.begin(now)
		return v.finish(append(steps, Refused{
			Key: key, Index: index, Reason: clip(reason, MaxReasonBytes), Attempt: r.refusals,
		}))
	}
	return v.Reject(key, index, faultf(ClassRefused, "refused %d times: %s", r.refusals, reason), now)
}

// retry asks for another verdict on a value that is in quarantine for a reason
// that may have passed.
func (v *View) retry(steps []Step, r *record, e Entry) []Step {
	if r.verdict != bad || !r.fault.Class.again() || !r.holds(e) {
		return steps
	}
	r.becomePending(e)
	return append(steps, Judge{Entry: r.newest})
}

// becomePending lifts the verdict on a bad value, and leaves it in quarantine.
func (r *record) becomePending(e Entry) { r.newest.Value, r.verdict = e.Value, unjudged }

// Serving returns the row of a key, if it has one: what the next snapshot shows.
func (v *View) Serving(key string) (Row, bool) {
	if row := v.shown(key); row != nil {
		return *row, true
	}
	return Row{}, false
}
