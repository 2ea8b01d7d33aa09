package cluster

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/actors"
)

// line is a runtime's event as JSON.
func line(seq int, kind actors.EventKind, more string) string {
	return fmt.Sprintf(`{"seq":%d,"at":"2020-03-16T14:19:00Z","kind":%q,"service":"api"%s}`+"\n", seq, kind, more)
}

// After a broken connection the node replays its recent events: none may count twice.
func TestFollowerReadsEachEventOnce(t *testing.T) {
	var connections atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/admin/events" {
			http.NotFound(w, r)
			return
		}
		replayed := line(1, actors.EventPublished, `,"instances":3`) + line(2, actors.EventKeyQuarantined, `,"key":"/services/api/x","class":"empty"`)
		_, _ = fmt.Fprint(w, replayed)
		if connections.Add(1) == 1 {
			return // breaks
		}
		_, _ = fmt.Fprint(w,
			"\nnot json\n"+
				line(3, "instance_added", "")+ // of no interest
				line(4, actors.EventChildRestarting, `,"child":"root/service/api/reader"`)+ // not a watcher
				line(5, actors.EventChildRestarting, `,"child":"root/service/api/watcher"`)+
				`{"seq":6,"kind":"snapshot_published","service":"other","instances":0}`+"\n"+
				line(7, actors.EventKeyReleased, `,"key":"/services/api/x"`))
		flush(t, w)
		<-r.Context().Done()
	}))
	defer server.Close()
	events := make(chan event, 100)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		follower{node: "node-1", admin: server.URL, report: func(e event) { events <- e }}.attend(ctx, 4)
	}()
	var got []string
	for range 4 {
		e, ok := next(t, "event", events).(nodeReported)
		if !ok || e.Node != "node-1" || e.Life != 4 || e.At.IsZero() {
			t.Fatalf("event: got %+v, want one of node-1's fourth life, with its time", e)
		}
		got = append(got, fmt.Sprint(e.Kind, " ", e.Key, e.Class, e.Child, e.Instances))
	}
	want := []string{
		"snapshot_published 3", "key_quarantined /services/api/xempty0",
		"child_restarting root/service/api/watcher0", "key_released /services/api/x0",
	}
	if !slices.Equal(got, want) {
		t.Errorf("events:\n got %q\nwant %q", got, want)
	}
	cancel()
	next(t, "follower to end", done)
	if len(events) != 0 {
		t.Errorf("events after the last: got %+v, want none", <-events)
	}
}

// A node flushes its last events while it exits; they are read to the end.
func TestFollowerReadsTheLastWords(t *testing.T) {
	dead := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, line(1, actors.EventPublished, ""))
		flush(t, w)
		<-dead
		_, _ = fmt.Fprint(w, line(2, actors.EventChildRestarting, `,"child":"root/service/api/watcher"`))
	}))
	defer server.Close()
	events := make(chan event, 10)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		follower{node: "node-1", admin: server.URL, report: func(e event) { events <- e }}.attend(ctx, 1)
	}()
	next(t, "first event", events)
	cancel() // the process is gone
	close(dead)
	if e, ok := next(t, "event", events).(nodeReported); !ok || e.Kind != actors.EventChildRestarting {
		t.Errorf("last event: got %+v, want %s", e, actors.EventChildRestarting)
	}
	next(t, "follower to end", done)
}

func TestSamplerReportsTheEndOfTheLoad(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, `{"users":2000,"connected":1998,"ready_total":2010,"lost_total":12,"connected_seconds":123.4,"attempts_total":2020,"resumed_total":5,"messages_acked_total":7,"messages_undelivered_total":1,"guilds_unavailable_lately":3,"guilds_awaited":4,"oldest_open":"2020-03-16T14:18:59Z","at":"2020-03-16T14:19:00.5Z"}`)
	}))
	defer server.Close()
	events := make(chan event, 1000)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		sampler{admin: server.URL, report: func(e event) { events <- e }}.attend(ctx, 2)
	}()
	want := loadSampled{
		At: time.Date(2020, 3, 16, 14, 19, 0, 500_000_000, time.UTC), Life: 2, Connected: 1998, Lost: 12, Seconds: 123.4,
		Attempts: 2020, Resumed: 5, Acked: 7, Undelivered: 1, Unavailable: 3, Awaited: 4, Open: time.Date(2020, 3, 16, 14, 18, 59, 0, time.UTC),
	}
	if got := next(t, "reading", events); got != want {
		t.Errorf("reading: got %+v, want %+v", got, want)
	}
	cancel()
	next(t, "sampler to end", done)
	close(events)
	var last loadSampled
	for e := range events {
		last, _ = e.(loadSampled)
	}
	if last.Connected != 0 || last.Lost != 12+1998 || last.Seconds != 123.4 || time.Since(last.At) > time.Minute {
		t.Errorf("reading at the end of the load: got %+v, want nobody connected, 2010 lost, now", last)
	}
}

func TestReadiness(t *testing.T) {
	var status atomic.Int32
	status.Store(http.StatusServiceUnavailable)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(int(status.Load()))
		_, _ = fmt.Fprint(w, `{"ready":false,"reason":"no API node yet"}`)
	}))
	defer server.Close()
	if got := unready(t.Context(), server.URL); got != "no API node yet" {
		t.Errorf("reason: got %q, want the process's own", got)
	}
	ready := awaitReady(t.Context(), server.URL)
	select {
	case <-ready:
		t.Error("ready while it answers 503")
	default:
	}
	status.Store(http.StatusOK)
	next(t, "readiness", ready)
}

func flush(t *testing.T, w http.ResponseWriter) {
	t.Helper()
	if err := http.NewResponseController(w).Flush(); err != nil {
		t.Error(err)
	}
}
