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
	// StatusLimbo is a key that left the registry, or changed its identity there,
	// and that a guard does not believe: it is served as it was. See [Hold].
	StatusLimbo
)

// String names the status as events and pages print it.
func (s Status) String() string {
	switch s {
	case StatusLive:
		return "live"
	case StatusQuarantinedCached:
		return "quarantined_cached"
	case StatusLimbo:
		return "limbo"
	}
	return "unknown"
}

// Origin says where a served instance was read.
type Origin uint8

// The origins.
const (
	// OriginRegistry is a value that the registry had when it was read.
	OriginRegistry Origin = iota
	// OriginPrevious is a value that the registry told along with the bad one
	// that replaced it.
	OriginPrevious
	// OriginDisk is a value that an earlier process saved. It stays so marked
	// until the registry confirms or replaces it.
	OriginDisk
)

// String names the origin as events and pages print it.
func (o Origin) String() string {
	switch o {
	case OriginRegistry:
		return "registry"
	case OriginPrevious:
		return "previous"
	case OriginDisk:
		return "disk"
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
	// Value is the value itself, where [Config.KeepValues] is set, else empty.
	Value string
	// Origin is where the instance was read.
	Origin Origin
	// Hold is why a row in limbo is held, HeldSince since when.
	Hold      Hold
	HeldSince time.Time
	// Order is what an operator said of the key.
	Order Order
	// Immortal says that the key used to expire, and will not any more.
	Immortal bool
}

// pickable reports whether there is a row, and it takes work.
func (r *Row) pickable() bool { return r != nil && r.Instance.State != StateDraining }

// marked reports whether two rows of equal content have the same marks: whether
// a reader would make no difference between them.
func (r *Row) marked(other *Row) bool {
	return r.Status == other.Status && r.Hold == other.Hold && r.Origin == other.Origin && r.Immortal == other.Immortal
}

// says reports whether a row is of this content.
func (r *Row) says(in Instance, value string) bool { return r.Value == value && r.Instance.Equal(in) }

// animate reports whether the row is of something that lives somewhere: a value
// without an address cannot be asked whether it does.
func (r *Row) animate() bool { return r.Instance.Host != "" }
