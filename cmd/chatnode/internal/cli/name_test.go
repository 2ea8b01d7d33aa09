package cli

import (
	"net"
	"strings"
	"testing"

	"github.com/firebreak-go/firebreak/registry"
)

func TestOwnNameIsAnID(t *testing.T) {
	bound := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080}
	if got := ownName(bound); !strings.HasSuffix(got, "-8080") {
		t.Errorf("ownName: got %q, want one that ends in the port", got)
	}
	for _, host := range []string{"box", "Box.example.org", "_hidden", "..", "", "käse", "a b/c", strings.Repeat("x", 300)} {
		name := idOf(host) + "-8080"
		if _, err := registry.Key("", nodeService, name); err != nil {
			t.Errorf("ID from host name %q: got %q: %v", host, name, err)
		}
	}
}
