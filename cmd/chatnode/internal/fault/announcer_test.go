package fault_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/etcd"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/fault"
	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/etcdv2"
)

const (
	key    = "/services/api/api-9"
	record = `{"v":1,"service":"api","id":"api-9"}`
	limit  = 20 * time.Second
)

// lines hands a log out line by line.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	l <- string(bytes.TrimSpace(p))
	return len(p), nil
}

func receive[T any](t *testing.T, what string, from <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-from:
	case <-time.After(limit):
		t.Fatalf("%s: nothing after %v", what, limit)
	}
	return v
}

// background runs f until the test ends, and waits for it.
func background(t *testing.T, f func(ctx context.Context)) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var wait sync.WaitGroup
	wait.Go(func() { f(ctx) })
	t.Cleanup(func() {
		cancel()
		wait.Wait()
	})
}

func startEtcd(t *testing.T, mode etcd.Mode) (addr string, client *etcdv2.Registry) {
	t.Helper()
	ready := make(chan string, 1)
	cfg := etcd.Config{Listen: "127.0.0.1:0", DataDir: t.TempDir(), Mode: mode, Fast: true, Log: zerolog.Nop()}
	background(t, func(ctx context.Context) {
		if err := etcd.Run(ctx, cfg, func(addr string) { ready <- addr }); err != nil {
			t.Errorf("etcd: got end %v, want none", err)
		}
	})
	addr = receive(t, "etcd", ready)
	client, err := etcdv2.New(etcdv2.Config{Endpoints: []string{"http://" + addr}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return addr, client
}

// The whole mechanism of 2020: an announcement that is cut stores an empty record
// that never expires, behind an etcd that lets it, and the retry heals it.
func TestTornAnnouncement(t *testing.T) {
	rows := []struct {
		name     string
		mode     etcd.Mode
		existing bool
		status   int
		want     string // the record after the cut; "none" when there is none
		ttl      bool
	}{
		{"incident, new node", etcd.ModeIncident, false, 201, "", false},
		{"incident, announced before", etcd.ModeIncident, true, 200, "", false},
		{"plain, new node", etcd.ModePlain, false, 400, "none", false},
		{"plain, announced before", etcd.ModePlain, true, 400, record, true},
		{"guard, announced before", etcd.ModeGuard, true, 400, record, true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			addr, client := startEtcd(t, row.mode)
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			cuts := make(chan fault.ProxyEvent, 8)
			p, err := fault.NewCuttingProxy(l, addr, func(e fault.ProxyEvent) {
				if e.Kind == fault.ProxyCut {
					cuts <- e
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			p.Start()
			t.Cleanup(p.Close)

			log, announced := make(lines, 8), make(chan time.Time, 64)
			a, err := fault.NewTornAnnouncer(fault.TornConfig{
				Endpoint: "http://" + p.Addr(), Key: key, Value: record, Interval: 50 * time.Millisecond,
				Retry: time.Second, Log: zerolog.New(log), Announced: func(at time.Time) { announced <- at },
			})
			if err != nil {
				t.Fatal(err)
			}
			if !row.existing {
				p.CutNext()
			}
			background(t, a.Run)
			if row.existing {
				receive(t, "first announcement", announced)
				p.CutNext()
			}
			if e := receive(t, "cut", cuts); e.Status != row.status {
				t.Errorf("cut: got status %d, want %d", e.Status, row.status)
			}
			checkRecord(t, client, row.want, row.ttl)
			if got := receive(t, "log", log); !strings.Contains(got, "remote end closed connection without response") {
				t.Errorf("log: got %s, want the words of 2020", got)
			}
			for len(announced) > 0 {
				<-announced
			}
			receive(t, "announcement after the retry", announced)
			checkRecord(t, client, record, true)
		})
	}
}

func checkRecord(t *testing.T, client *etcdv2.Registry, want string, ttl bool) {
	t.Helper()
	got, err := client.Get(t.Context(), key)
	if errors.Is(err, registry.ErrNotFound) {
		got.Value = "none"
	} else if err != nil {
		t.Fatal(err)
	}
	if got.Value != want || got.TTL > 0 != ttl {
		t.Errorf("record: got %q with TTL %v, want %q with TTL %v", got.Value, got.TTL, want, ttl)
	}
}

// A refusal is a failure like any other, and the rhythm goes on after it.
func TestAnnouncerTakesNoForNo(t *testing.T) {
	answers := make(chan int, 2)
	answers <- http.StatusInternalServerError
	answers <- http.StatusCreated
	asked := make(chan string, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case asked <- r.Method + " " + r.RequestURI + " " + r.FormValue("value") + " " + r.FormValue("ttl"):
		default:
		}
		select {
		case status := <-answers:
			w.WriteHeader(status)
		default:
		}
	}))
	t.Cleanup(s.Close)
	log, announced := make(lines, 8), make(chan time.Time, 64)
	a, err := fault.NewTornAnnouncer(fault.TornConfig{
		Endpoint: s.URL, Key: key, Value: record, Retry: time.Millisecond, Interval: time.Millisecond,
		Log: zerolog.New(log), Announced: func(at time.Time) {
			select {
			case announced <- at:
			default:
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	background(t, func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		a.Run(ctx)
	})
	if got := receive(t, "log", log); !strings.Contains(got, "500") {
		t.Errorf("log: got %s, want the status", got)
	}
	receive(t, "announcement", announced)
	receive(t, "next announcement", announced)
	if got, want := <-asked, "PUT /v2/keys"+key+" "+record+" 60"; got != want {
		t.Errorf("request: got %q, want %q", got, want)
	}
}

func TestBadTornConfig(t *testing.T) {
	good := fault.TornConfig{Endpoint: "http://127.0.0.1:2379", Key: key}
	rows := map[string]func(*fault.TornConfig){
		"no endpoint":       func(c *fault.TornConfig) { c.Endpoint = "" },
		"https":             func(c *fault.TornConfig) { c.Endpoint = "https://127.0.0.1:2379" },
		"no port":           func(c *fault.TornConfig) { c.Endpoint = "http://127.0.0.1" },
		"no key":            func(c *fault.TornConfig) { c.Key = "" },
		"directory":         func(c *fault.TornConfig) { c.Key = "/services/api/" },
		"TTL below second":  func(c *fault.TornConfig) { c.TTL = time.Millisecond },
		"negative retry":    func(c *fault.TornConfig) { c.Retry = -1 },
		"negative interval": func(c *fault.TornConfig) { c.Interval = -1 },
	}
	if _, err := fault.NewTornAnnouncer(good); err != nil {
		t.Errorf("good configuration: got error %v, want none", err)
	}
	for name, spoil := range rows {
		cfg := good
		spoil(&cfg)
		if _, err := fault.NewTornAnnouncer(cfg); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got error %v, want one line", name, err)
		}
	}
}
