package cluster

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/load"
)

// reading is a reading at a second of the script.
func reading(at float64, s loadSampled) loadSampled {
	s.At = instant(at)
	return s
}

func TestTraffic(t *testing.T) {
	s := newScript(1)
	s.r.read = load.Check{Read: 50, Lost: 2}
	s.add(reading(19, loadSampled{Life: 1, Connected: 100, Attempts: 120, Resumed: 3, Acked: 30, Undelivered: 1, Unavailable: 9}))
	s.poisoned() // at 20
	s.add(reading(21, loadSampled{Life: 1, Connected: 40, Attempts: 150, Resumed: 4, Acked: 40, Undelivered: 1, Unavailable: 5}))
	s.add(reading(22, loadSampled{Life: 1, Attempts: 150, Resumed: 4, Acked: 40, Undelivered: 1})) // its end
	s.add(reading(24, loadSampled{Life: 2, Connected: 50, Attempts: 60, Resumed: 0, Acked: 5, Unavailable: 7}))
	s.healed().add(reading(26, loadSampled{Life: 2, Connected: 100, Attempts: 130, Resumed: 10, Acked: 20, Undelivered: 4}))
	want := Traffic{MessagesAcked: 40 + 50, MessagesLost: 2, MessagesUndelivered: 5, GuildsUnavailableMax: 7, ReconnectAttempts: 30 + 130, ResumesOK: 1 + 10}
	if got := s.r.result().Traffic; got != want {
		t.Errorf("traffic: got %+v, want %+v", got, want)
	}
	s.r.read = load.Check{}
	if got := s.r.result().MessagesAcked; got != 60 {
		t.Errorf("messages that were not read back: got %d, want the 60 that were counted", got)
	}
	s = newScript(1)
	if got := s.r.result().Traffic; got != (Traffic{}) {
		t.Errorf("traffic before any poison: got %+v, want none", got)
	}
}

// service is a load and an API node in one, of which one message is gone.
func service(t *testing.T, status int) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /admin/acked", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(`{"messages":[{"user":1,"channel":"8","id":"5"},{"user":2,"channel":"8","id":"6"}]}`))
	})
	mux.HandleFunc("GET /api/v10/channels/8/messages", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`[{"id":"5"}]`)) })
	mux.HandleFunc("GET /api/v10/channels/8/messages/6", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

func readingBack(t *testing.T, address string, last loadSampled) (*act, error) {
	t.Helper()
	a := &act{
		cfg: Config{Seed: 7}.withDefaults(), teller: newTeller("x", nil),
		layout: layout{load: server{admin: address}, apis: []server{{rest: address}}},
	}
	a.journal = newJournal(nil, func(event) {})
	done := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { // readings go on
		defer close(done)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case last.At = <-tick.C:
				a.journal.add(last)
			case <-ctx.Done():
				return
			}
		}
	}()
	err := a.readBack(t.Context())
	cancel()
	<-done
	return a, err
}

func TestGuildsAreAwaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, row := range []struct {
			name string
			last loadSampled
			note bool
		}{
			{"all there", loadSampled{Life: 1, Connected: 5}, false},
			{"some never come", loadSampled{Life: 1, Connected: 5, Awaited: 3}, true},
			{"some are away", loadSampled{Life: 1, Connected: 5, Unavailable: 1}, true},
		} {
			a := &act{cfg: Config{}.withDefaults(), teller: newTeller("x", nil)}
			a.journal = newJournal(nil, func(event) {})
			a.journal.add(row.last)
			if err := a.awaitGuilds(t.Context()); err != nil || (len(a.notes) > 0) != row.note {
				t.Errorf("%s: got notes %q, %v, want one: %v", row.name, a.notes, err, row.note)
			}
		}
	})
}

func TestEveryAcknowledgedMessageIsReadBack(t *testing.T) {
	a, err := readingBack(t, service(t, http.StatusOK), loadSampled{Life: 1})
	if err != nil || a.read.Read != 2 || a.read.Lost != 1 || a.read.Unknown != 0 || len(a.notes) != 0 {
		t.Errorf("read back: got %+v, notes %q, %v, want 1 of 2 lost", a.read, a.notes, err)
	}
	a, err = readingBack(t, service(t, http.StatusInternalServerError), loadSampled{Life: 1})
	if err != nil || len(a.notes) != 1 || !strings.Contains(a.notes[0], "500") {
		t.Errorf("a load that does not say: got notes %q, %v, want one", a.notes, err)
	}
	a = &act{cfg: Config{Messages: -1}.withDefaults()}
	if err := a.readBack(t.Context()); err != nil {
		t.Errorf("no messages: got %v, want nothing done", err)
	}
}
