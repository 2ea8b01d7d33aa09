package registry

import "time"

// Status says how a served instance stands.
type Status uint8

// The states of a row.
const (
	// StatusLive is a key whose newest judged value is good.
	StatusLive Status = iota + 1
	// StatusQuarantinedCached is a key whose newest judged value is bad: the
	// last good one is served instead.
	StatusQuarantinedCached
)

// String names the status as events and pages print it.
func (s Status) String() string {
	switch s {
	case StatusLive:
		return "live"
	case StatusQuarantinedCached:
		return "quarantined_cached"
	}
	return "unknown"
}

// Row is one served instance.
type Row struct {
	Key      string
	Instance Instance
	Status   Status
	// Index is where in the history the served value was written, Since when it
	// was found good. When an equal value is written again, both follow with the
	// key's next visible change, for nobody is woken for it.
	Index Index
	Since time.Time
}

// same reports whether a reader of the two rows would do the same.
func (r Row) same(other Row) bool {
	return r.Status == other.Status && r.Instance.Equal(other.Instance)
}
