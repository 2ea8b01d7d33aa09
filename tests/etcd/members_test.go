package etcd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry/etcdv2"
)

// callLimit is shorter than the 5 s after which etcd itself gives up on a call
// that no quorum answers.
const callLimit = time.Second

// members are three etcd processes that make one cluster.
type members [3]*member

// member is one of them; it can be killed and started again on its data.
type member struct {
	server
	args  []string
	kill  func() // waits until the process is gone
	alive bool
}

func startMembers(t *testing.T) *members {
	t.Helper()
	if err := build(); err != nil {
		t.Fatal(err)
	}
	all, peers := &members{}, [len(members{})]string{}
	list := make([]string, 0, len(all))
	for i := range all {
		peers[i] = freeAddr(t)
		list = append(list, fmt.Sprintf("m%d=http://%s", i, peers[i]))
	}
	for i := range all {
		m := &member{server: server{addr: freeAddr(t)}}
		m.args = []string{
			"etcd", "--listen", m.addr, "--data-dir", t.TempDir(), "--name", fmt.Sprintf("m%d", i), "--peer", peers[i],
			"--initial-cluster", strings.Join(list, ","), "--fast", "--lifeline",
		}
		all[i] = m
	}
	all.start(t, all[:]...)
	return all
}

// start brings members up together: one alone has no quorum to become ready with.
func (*members) start(t *testing.T, some ...*member) {
	t.Helper()
	ended := make([]chan struct{}, len(some))
	for i, m := range some {
		ended[i] = m.start(t)
	}
	for i, m := range some {
		m.awaitReady(t, ended[i])
	}
}

func (m *member) start(t *testing.T) (ended chan struct{}) {
	t.Helper()
	cmd := exec.Command(binary, m.args...)
	_, err := cmd.StdinPipe() // the lifeline
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	ended = make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait()
	}()
	m.alive = true
	m.kill = func() {
		m.alive = false
		_ = cmd.Process.Kill()
		<-ended
	}
	t.Cleanup(m.kill)
	return ended
}

// urls are the client URLs of all, whether they live or not.
func (c *members) urls() []string {
	urls := make([]string, 0, len(c))
	for _, m := range c {
		urls = append(urls, m.url())
	}
	return urls
}

// leader asks each living member whether it leads.
func (c *members) leader(t *testing.T) *member {
	t.Helper()
	var found *member
	eventually(t, "a leader", func() error {
		for _, m := range c {
			if m.alive && asks(t, m.url()+"/v2/stats/leader") == http.StatusOK {
				found = m
				return nil
			}
		}
		return errors.New("nobody leads")
	})
	return found
}

// other is a living member that is not m.
func (c *members) other(m *member) *member {
	for _, o := range c {
		if o.alive && o != m {
			return o
		}
	}
	return nil
}

// asks returns the status of a request, 0 for none.
func asks(t *testing.T, target string) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), callLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	return resp.StatusCode
}

// eventually tries until there is no error, or the limit is over.
func eventually(t *testing.T, what string, try func() error) {
	t.Helper()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	deadline := time.After(limit)
	for {
		err := try()
		if err == nil {
			return
		}
		select {
		case <-again.C:
		case <-deadline:
			t.Fatalf("%s: got %v for %v, want none", what, err, limit)
		}
	}
}

// connect makes a registry on all members. A first member may be named to which
// its calls go while that one answers; nil leaves it to chance.
func (c *members) connect(t *testing.T, first *member) *etcdv2.Registry {
	t.Helper()
	only := &steered{next: &http.Transport{}}
	r, err := etcdv2.New(etcdv2.Config{
		Endpoints: c.urls(), Wait: 2 * time.Second, Timeout: callLimit, Transport: only,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(only.next.CloseIdleConnections)
	if first != nil {
		only.host.Store(&first.addr)
		eventually(t, "a call to "+first.addr, func() error { _, err := r.List(t.Context(), directory); return err })
		only.host.Store(nil)
	}
	return r
}

// steered refuses all hosts but one, if it is set, so that a registry moves on to
// that one.
type steered struct {
	next *http.Transport
	host atomic.Pointer[string]
}

func (s *steered) RoundTrip(req *http.Request) (*http.Response, error) {
	if host := s.host.Load(); host != nil && req.URL.Host != *host {
		return nil, errors.New("not the host of the moment")
	}
	return s.next.RoundTrip(req)
}
