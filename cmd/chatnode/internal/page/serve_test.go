package page

import (
	"net"
	"net/http"
	"strings"
	"testing"
)

func TestTakenPortIsTheNextFreeOne(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	l, err := Listen(t.Context(), taken.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if l.Addr().String() == taken.Addr().String() || !Loopback(l) {
		t.Errorf("address: got %s, want another one on loopback", l.Addr())
	}
	if _, err := Listen(t.Context(), "192.0.2.1:1"); err == nil {
		t.Error("an address of another machine: got no error, want one")
	}
}

func TestURLIsOneThatABrowserReaches(t *testing.T) {
	l, err := net.Listen("tcp4", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if got := URL(l); !strings.HasPrefix(got, "http://127.0.0.1:") || Loopback(l) {
		t.Errorf("all interfaces: got %s, loopback %v", got, Loopback(l))
	}
}

func TestStopEndsOpenStreams(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	stop := Serve(t.Context(), l, testServer(t, nil))
	reply, err := http.Get(URL(l) + "/api/events")
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	stop()
	for {
		if _, err := reply.Body.Read(make([]byte, 512)); err != nil {
			return
		}
	}
}
