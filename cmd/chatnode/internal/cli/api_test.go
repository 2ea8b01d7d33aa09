package cli

import (
	"net"
	"os"
	"testing"

	"github.com/firebreak-go/firebreak/registry"
)

func TestInstanceNamesAnAddressThatOthersReach(t *testing.T) {
	machine, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	bound := func(ip string) net.Addr { return &net.TCPAddr{IP: net.ParseIP(ip), Port: 9001} }
	for _, row := range []struct {
		name      string
		advertise address
		bound     net.Addr
		want      string
	}{
		{"loopback", "", bound("127.0.0.1"), "127.0.0.1:9001"},
		{"IPv6", "", bound("::1"), "[::1]:9001"},
		{"all interfaces", "", bound("0.0.0.0"), machine + ":9001"},
		{"all interfaces of IPv6", "", bound("::"), machine + ":9001"},
		{"told", "api.example:50051", bound("0.0.0.0"), "api.example:50051"},
		{"told without a host", ":50051", bound("127.0.0.1"), machine + ":50051"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := apiCommand{ID: "a", Zone: "z", Advertise: row.advertise}
			got, err := c.instance(row.bound)
			if err != nil {
				t.Fatal(err)
			}
			if got.Address() != row.want || got.ID != "a" || got.Service != "api" || got.Zone != "z" {
				t.Errorf("instance: got %+v, want id a of api in z at %s", got, row.want)
			}
			if _, err := registry.Encode(got); err != nil {
				t.Errorf("record: got %v, want one that consumers accept", err)
			}
		})
	}
}

func TestEveryRunIsAnIncarnationOfItsOwn(t *testing.T) {
	c := apiCommand{ID: "a"}
	at := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}
	first, err := c.instance(at)
	if err != nil {
		t.Fatal(err)
	}
	second, err := c.instance(at)
	if err != nil {
		t.Fatal(err)
	}
	if first.Incarnation == "" || first.Incarnation == second.Incarnation {
		t.Errorf("incarnations: got %q and %q, want two", first.Incarnation, second.Incarnation)
	}
}
