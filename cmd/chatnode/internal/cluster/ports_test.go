package cluster

import (
	"context"
	"net"
	"strconv"
	"strings"
	"testing"
)

func portOf(t *testing.T, address string) int {
	t.Helper()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestPortsAreDistinctAndBelowTheEphemeralRange(t *testing.T) {
	p := newPorts()
	seen := map[int]bool{}
	for range 200 {
		address, err := p.take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		port := portOf(t, address)
		if seen[port] {
			t.Errorf("port %d: handed out twice", port)
		}
		if port < 20000 || port > 31999 {
			t.Errorf("port %d: outside 20000-31999", port)
		}
		seen[port] = true
	}
}

func TestPortsLeaveOutWhatIsTaken(t *testing.T) {
	p := newPorts()
	address, err := p.take(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", address)
	if err != nil {
		t.Skipf("somebody else took %s: %v", address, err)
	}
	defer taken.Close()
	again := &ports{next: portOf(t, address) - firstPort, left: 50}
	got, err := again.take(t.Context())
	if err != nil || got == address {
		t.Errorf("port after a taken one: got %s, %v, want another than %s", got, err, address)
	}
}

func TestPortsRunOut(t *testing.T) {
	p := newPorts()
	p.left = 0
	if _, err := p.take(t.Context()); err == nil || !strings.Contains(err.Error(), "no free port between 20000 and 31999") {
		t.Errorf("no port left: got %v, want an error that says so", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := newPorts().take(ctx); err == nil {
		t.Error("take after its context ended: got a port, want an error")
	}
}
