package monitor

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/incident"
)

// yard is a cluster without a network: chat nodes by host, and a webhook.
type yard struct {
	mu    sync.Mutex
	nodes map[string]*process
	hook  func(*http.Request) (*http.Response, error)
	told  []Notice
}

func newYard(nodes int) *yard {
	y := &yard{nodes: map[string]*process{}}
	for n := range nodes {
		y.nodes[fmt.Sprintf("node-%d", n)] = &process{}
		y.set(n, 100)
	}
	return y
}

// set says how many sessions a node has; below 0 it is gone.
func (y *yard) set(n, sessions int) {
	y.mu.Lock()
	defer y.mu.Unlock()
	p := y.nodes[fmt.Sprintf("node-%d", n)]
	p.hang = sessions < 0
	p.pages = map[string]string{
		"/admin/metrics": fmt.Sprintf("process_start_time_seconds 1\nchatnode_sessions %d\n", sessions), "/admin/ready": "{}",
	}
}

func (y *yard) RoundTrip(r *http.Request) (*http.Response, error) {
	y.mu.Lock()
	p := y.nodes[r.URL.Host]
	hook := y.hook
	if p != nil {
		same := *p
		p = &same
	}
	y.mu.Unlock()
	if p != nil {
		return p.RoundTrip(r)
	}
	if hook != nil {
		return hook(r)
	}
	var n Notice
	err := json.NewDecoder(r.Body).Decode(&n)
	y.mu.Lock()
	defer y.mu.Unlock()
	y.told = append(y.told, n)
	return reply(http.StatusOK), err
}

func (y *yard) targets() []Target {
	var all []Target
	for host := range y.nodes {
		all = append(all, Target{Target: incident.Target{ID: host, Role: incident.ChatNode}, Admin: "http://" + host})
	}
	return all
}

func (y *yard) notices() string {
	y.mu.Lock()
	defer y.mu.Unlock()
	var all []string
	for _, n := range y.told {
		all = append(all, n.Delivery)
	}
	return strings.Join(all, " ")
}

// run starts a monitor and returns what ends it.
func run(t *testing.T, m *Monitor) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: got %v, want nil", err)
		}
	}
}

func (y *yard) monitor(t *testing.T, edit func(*Config)) *Monitor {
	t.Helper()
	cfg := Config{
		Targets: y.targets, Client: &http.Client{Transport: y}, Webhooks: []string{"http://hook"},
		Incident: incident.Config{Hold: 20 * time.Second},
	}
	if edit != nil {
		edit(&cfg)
	}
	m, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMonitor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newYard(4)
		folder := t.TempDir()
		m := y.monitor(t, func(c *Config) { c.Folder = folder })
		if v := m.View(); v.State != incident.Unknown {
			t.Errorf("before the first round: got %s, want unknown", v.State)
		}
		stop := run(t, m)
		time.Sleep(31 * time.Second) // between two rounds: what follows is seen together
		if v := m.View(); v.State != incident.Operational || len(v.Incidents) != 0 {
			t.Errorf("all is well: got %s, want operational", v.State)
		}
		y.set(0, 0)
		y.set(1, 0)
		time.Sleep(10 * time.Second)
		if v := m.View(); v.State != incident.MajorOutage || len(v.Incidents) != 1 {
			t.Errorf("half of all sessions are gone: got %s, want a major outage", v.State)
		}
		y.set(0, 100)
		y.set(1, 100)
		time.Sleep(10 * time.Second)
		if v := m.View(); v.State != incident.Recovering {
			t.Errorf("they are back: got %s, want recovering", v.State)
		}
		time.Sleep(20 * time.Second)
		if v := m.View(); v.State != incident.Operational || v.Incidents[0].Open() {
			t.Errorf("for the hold time: got %s, want it closed", v.State)
		}
		stop()
		if got, want := y.notices(), "1-opened-SEV1 1-closed-SEV1"; got != want {
			t.Errorf("webhook: got %s, want %s", got, want)
		}
		if s := m.Stats(); s.Sent != 2 || s.Incidents != 1 || s.Targets != 4 || s.SaveFailures != 0 {
			t.Errorf("stats: got %+v, want two notices about one incident", s)
		}

		again := y.monitor(t, func(c *Config) { c.Folder = folder })
		if all := again.Incidents(); len(all) != 1 || all[0].ID != 1 || all[0].Open() {
			t.Errorf("another process: got %d incidents, want the one", len(all))
		}
	})
}

// TestTheLastFactIsSaved although no round came after it.
func TestTheLastFactIsSaved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := folder{t.TempDir()}
		if err := f.save(lived(t).Incidents()); err != nil {
			t.Fatal(err)
		}
		y := newYard(1)
		m := y.monitor(t, func(c *Config) { c.Folder, c.Every = f.path, time.Minute })
		stop := run(t, m)
		m.tell(report{"x", incident.GaveUp})
		synctest.Wait()
		stop()
		log := emptyLog(t)
		if said, err := f.load(log, time.Now()); said != "" || err != nil {
			t.Fatalf("load: got %q and %v, want the log", said, err)
		}
		open, _ := log.Find(2)
		if _, ok := open.First(incident.GaveUp); !ok {
			t.Errorf("saved: got %v, want the last fact in it", open.Timeline)
		}
	})
}

// TestNothingThatHangsStopsIt: a target, the webhook and both together.
func TestNothingThatHangsStopsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newYard(4)
		y.hook = func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}
		m := y.monitor(t, nil)
		stop := run(t, m)
		time.Sleep(31 * time.Second)
		y.set(0, -1)
		y.set(1, -1)
		time.Sleep(30 * time.Second)
		if v := m.View(); v.State != incident.MajorOutage || time.Since(v.At) > 5*time.Second {
			t.Errorf("two nodes and the webhook hang: got %s of %v ago, want a major outage, and news", v.State, time.Since(v.At))
		}
		began := time.Now()
		stop()
		if took := time.Since(began); took > stopLimit {
			t.Errorf("stopping: got %v, want at most %v", took, stopLimit)
		}
	})
}

// TestBlind: nothing answers at all.
func TestBlind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newYard(2)
		m := y.monitor(t, nil)
		defer run(t, m)()
		time.Sleep(31 * time.Second)
		y.set(0, -1)
		y.set(1, -1)
		time.Sleep(30 * time.Second)
		v := m.View()
		if len(v.Incidents) != 1 {
			t.Fatalf("incidents: got %d, want one", len(v.Incidents))
		}
		kinds := []incident.Kind{}
		for _, e := range v.Incidents[0].Timeline {
			kinds = append(kinds, e.Kind)
		}
		if !slices.Equal(kinds, []incident.Kind{incident.Blind, incident.Paged}) {
			t.Errorf("timeline: got %v, want that nothing answers, and the page", kinds)
		}
	})
}

func TestPoisonOfManyNodes(t *testing.T) {
	y := newYard(1)
	m := y.monitor(t, nil)
	for _, r := range []report{{"a", incident.Poisoned}, {"b", incident.Poisoned}, {"a", incident.Healed}} {
		m.hear(r)
	}
	if !m.bad["b"] || m.bad["a"] {
		t.Errorf("bad: got %v, want b", m.bad)
	}
}

func TestValidate(t *testing.T) {
	nobody := func() []Target { return nil }
	for _, row := range []struct {
		name string
		cfg  Config
		want string
	}{
		{"nobody", Config{}, "nobody to watch"},
		{"too often", Config{Targets: nobody, Every: time.Millisecond}, "a round every 1ms"},
		{"too many webhooks", Config{Targets: nobody, Webhooks: make([]string, 17)}, "17 webhooks"},
		{"no webhook", Config{Targets: nobody, Webhooks: []string{"ftp://secret"}}, "no http or https URL"},
		{"no hold", Config{Targets: nobody, Incident: incident.Config{Hold: -1}}, "Hold is -1ns"},
		{"no folder", Config{Targets: nobody, Folder: "/dev/null/x"}, "the incident log"},
	} {
		_, err := New(row.cfg)
		if err == nil || !strings.Contains(err.Error(), row.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v, want an error about %q", row.name, err, row.want)
		}
	}
}
