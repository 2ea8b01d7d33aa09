package etcd

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// Three members find each other by their names and addresses, and each stops in time
// although the last ones have no quorum left.
func TestThreeMembers(t *testing.T) {
	names := []string{"a", "b", "c"}
	peers, list := map[string]string{}, []string{}
	for _, name := range names {
		addr, err := tryListen(t.Context(), "peer", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		peers[name] = addr
		list = append(list, fmt.Sprintf("%s=http://%s", name, addr))
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ready, done := make(chan string, len(names)), make(chan error, len(names))
	for _, name := range names {
		cfg := Config{
			Listen: "127.0.0.1:0", DataDir: t.TempDir(), Name: name, Peer: peers[name],
			InitialCluster: strings.Join(list, ","), Fast: true, Log: zerolog.Nop(),
		}
		go func() { done <- Run(ctx, cfg, func(addr string) { ready <- addr }) }()
	}
	members := make([]string, 0, len(names))
	for range names {
		select {
		case addr := <-ready:
			members = append(members, "http://"+addr)
		case err := <-done:
			t.Fatalf("member: got end %v, want it ready", err)
		case <-time.After(30 * time.Second):
			t.Fatal("members: not ready after 30 s")
		}
	}
	if status, answer := send(t, http.MethodPut, members[0]+"/v2/keys/a?value=shared", "", ""); status != http.StatusCreated {
		t.Errorf("put at one member: got %d %s, want 201", status, answer)
	}
	if _, answer := send(t, http.MethodGet, members[2]+"/v2/keys/a?quorum=true", "", ""); !strings.Contains(answer, "shared") {
		t.Errorf("get at another member: got %s, want the value", answer)
	}
	began := time.Now()
	cancel()
	for range names {
		if err := <-done; err != nil {
			t.Errorf("member: got end %v, want none", err)
		}
	}
	if took := time.Since(began); took > StopLimit+time.Second/2 {
		t.Errorf("stop of three members: took %v, want at most %v", took, StopLimit)
	}
}
