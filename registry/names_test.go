package registry_test

import (
	"fmt"
	"testing"

	"github.com/firebreak-go/firebreak/registry"
)

// names are those of an enumeration from its first value to its last; each has
// one of its own, and what comes behind has none.
func checkNames[E interface {
	~uint8
	fmt.Stringer
}](t *testing.T, what string, first, last E) {
	t.Helper()
	seen := make(map[string]bool)
	for e := first; e <= last; e++ {
		if s := e.String(); s == "unknown" || seen[s] {
			t.Errorf("%s %d: got the name %q, want one of its own", what, e, s)
		}
		seen[e.String()] = true
	}
	if got := (last + 1).String(); got != "unknown" {
		t.Errorf("%s %d: got the name %q, want unknown", what, last+1, got)
	}
}

func TestNames(t *testing.T) {
	checkNames(t, "guard", registry.GuardOperator, registry.GuardStale)
	checkNames(t, "hold", registry.HoldNone, registry.HoldIdentity)
	checkNames(t, "origin", registry.OriginRegistry, registry.OriginDisk)
	checkNames(t, "status", registry.StatusLive, registry.StatusLimbo)
	checkNames(t, "staleness", registry.Fresh, registry.StaleCritical)
}
