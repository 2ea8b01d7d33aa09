package supervision

// AutoShutdown says whether the supervisor ends when its significant children have ended for good: a transient one in
// order, a temporary one in any way. An end that was asked for, or that a sibling caused, is none.
type AutoShutdown uint8

// The ways of auto-shutdown.
const (
	// AutoShutdownNever leaves the supervisor up; it has no significant children.
	AutoShutdownNever AutoShutdown = iota
	// AutoShutdownAny ends the supervisor with the first significant child that ends.
	AutoShutdownAny
	// AutoShutdownAll ends the supervisor with the last significant child that ends. One that waits for its restart is
	// not at its end.
	AutoShutdownAll
)

// String returns the name of the way.
func (a AutoShutdown) String() string {
	return word("auto-shutdown", uint8(a), "never", "any significant", "all significant")
}

func (a AutoShutdown) known() bool { return a <= AutoShutdownAll }
