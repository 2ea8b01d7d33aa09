package fault_test

import (
	"errors"
	"testing"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/fault"
	"github.com/firebreak-go/firebreak/registry"
)

func TestBadValuesAreBadInTheirOwnWay(t *testing.T) {
	for _, bad := range fault.BadValues() {
		t.Run(string(bad), func(t *testing.T) {
			value, err := bad.For("api", "api-7")
			if err != nil {
				t.Fatal(err)
			}
			_, err = registry.Decode("api", "api-7", value)
			found, ok := errors.AsType[*registry.Fault](err)
			want := string(bad)
			if bad == fault.BadMarkup {
				want = "syntax"
			}
			if !ok || found.Class.String() != want {
				t.Errorf("value %.80q: got %v, want class %s", value, err, want)
			}
		})
	}
	if _, err := fault.BadValue("rotten").For("api", "api-7"); err == nil {
		t.Error("a way that is not known: got no error, want one")
	}
}
