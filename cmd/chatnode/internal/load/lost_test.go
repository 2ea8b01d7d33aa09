package load

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
)

// The story with messages: sessions are cut and resumed while users write, and everything arrives once, in order.
func TestEverythingArrives(t *testing.T) {
	t.Parallel()
	for _, compress := range []Compression{CompressNone, CompressPayload, CompressStream} {
		t.Run(string(compress), func(t *testing.T) {
			t.Parallel()
			c := newChat(t)
			cfg := c.config()
			cfg.Compress = compress
			r := run(t, cfg)
			enough := func(more uint64) {
				t.Helper()
				before := r.Stats().MessagesAcked
				r.eventually(t, "messages acknowledged", func(s Stats) bool { return s.MessagesAcked >= before+more })
			}
			r.eventually(t, "all connected", func(s Stats) bool { return s.Connected == cfg.Users })
			enough(20)
			for round := range uint64(3) {
				c.cut.cut()
				r.eventually(t, "all resumed", func(s Stats) bool { return s.Resumed == (round+1)*uint64(cfg.Users) && s.Connected == cfg.Users })
				enough(20)
			}
			c.change(func() { c.limit = 3 })
			enough(20)
			c.server.AskToReconnect(t.Context(), 0)
			r.eventually(t, "all resumed as asked", func(s Stats) bool { return s.Resumed == 4*uint64(cfg.Users) })
			enough(20)
			s := r.Stats()
			if s.Ready != uint64(cfg.Users) || s.ResumesRefused != 0 || s.MessagesLimited != 3 || s.MessagesFailed != 0 {
				t.Errorf("sessions: got %+v, want every one resumed and three answers 429", s)
			}
			if s.MessagesUndelivered+s.DeliveriesMissing+s.Duplicates+s.Disordered > 0 || s.Deliveries == 0 {
				t.Errorf("messages: got %+v, want each delivered once and in order", s)
			}
			if s.AckLatency.Count == 0 || s.DeliveryLatency.P99 < s.DeliveryLatency.P50 || s.ResumeLatency.Count != 24 || s.ConnectLatency.Count != 6 || s.ConnectLatency.Max <= 0 {
				t.Errorf("latencies: got %+v, %+v, %+v, %+v", s.ConnectLatency, s.ResumeLatency, s.AckLatency, s.DeliveryLatency)
			}
			r.stop(t)
			for _, s := range r.ledger.world.sessions {
				if !s.over {
					t.Errorf("session of user %d after the stop: got it waiting, want it over", s.user)
				}
			}
			if c.hasty > 0 {
				t.Errorf("messages of users who were told to wait: got %d, want none", c.hasty)
			}
			if check := r.Check(t.Context()); check.Lost != 0 || check.Unknown != 0 || check.Read != len(r.Acked()) || check.Read < 100 {
				t.Errorf("read back: got %+v, want all there", check)
			}
		})
	}
}

// A session whose gateway does not answer where it wanted to be found is resumed elsewhere; one of a user who does not resume
// is not.
func TestSessionsAreResumedElsewhere(t *testing.T) {
	t.Parallel()
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = nobody.Close()
	c := newChatAt(t, "ws://"+nobody.Addr().String())
	cfg := c.config()
	cfg.Messages = 0
	r := run(t, cfg)
	r.eventually(t, "all connected", func(s Stats) bool { return s.Connected == cfg.Users })
	c.cut.cut()
	r.eventually(t, "all resumed", func(s Stats) bool { return s.Resumed == uint64(cfg.Users) })
	if s := r.stop(t); s.Failures < uint64(cfg.Users) || s.Ready != uint64(cfg.Users) {
		t.Errorf("got %+v, want each to fail once where nobody is, and none to begin anew", s)
	}
	cfg.Resume = false
	r = run(t, cfg)
	r.eventually(t, "all connected", func(s Stats) bool { return s.Connected == cfg.Users })
	c.cut.cut()
	r.eventually(t, "all begin anew", func(s Stats) bool { return s.Ready == 2*uint64(cfg.Users) })
	if s := r.stop(t); s.Resumed+s.Failures != 0 {
		t.Errorf("users who do not resume: got %+v, want no resume and no failure", s)
	}
}

// Whatever the service does wrong is counted.
func TestWrongsAreCounted(t *testing.T) {
	t.Parallel()
	c := newChat(t)
	cfg := c.config()
	cfg.Messages, cfg.Duration = 50, time.Second
	c.swallow = func(n uint64) bool { return n%10 == 3 }
	c.dispatch = func(n uint64) int {
		switch n % 10 {
		case 5:
			return 0
		case 7:
			return 2
		}
		return 1
	}
	c.hold = func(n uint64) bool { return n == 11 || n == 12 }
	r := run(t, cfg)
	if err := <-r.done; err != nil { // by itself, once it is known what became of all
		t.Fatal(err)
	}
	r.done <- nil
	s := r.Stats()
	if s.MessagesSent < 30 || s.MessagesSent != s.MessagesAcked || s.OldestOpen != nil {
		t.Errorf("messages: got %+v, want about 50, all acknowledged and none open", s)
	}
	// Those that come before the first user is there reach fewer, or nobody.
	undelivered := s.MessagesSent / 10
	if s.MessagesUndelivered < undelivered-1 || s.MessagesUndelivered > undelivered+1 || s.DeliveriesMissing < s.MessagesUndelivered {
		t.Errorf("undelivered: got %d of %d (%d deliveries), want every tenth", s.MessagesUndelivered, s.MessagesSent, s.DeliveriesMissing)
	}
	if s.Duplicates < undelivered || s.MessagesSkipped > s.MessagesSent {
		t.Errorf("duplicates: got %d, want some for every tenth", s.Duplicates)
	}
	check := r.Check(t.Context())
	if want := int(s.MessagesSent+7) / 10; check.Lost != want || len(check.LostIDs) != want || check.Unknown != 0 {
		t.Errorf("read back: got %+v, want %d lost", check, want)
	}
	if table := r.Report(time.Second, &check).Table(); !strings.Contains(table, fmt.Sprintf("acknowledged, lost                           %d of %d", check.Lost, check.Read)) {
		t.Errorf("table: got\n%s\nwant what is lost", table)
	}
}

// Guilds that are unavailable can be written in: their channels are asked for.
func TestUsersFindTheirChannels(t *testing.T) {
	t.Parallel()
	c := newChat(t)
	c.hidden = true
	r := run(t, c.config())
	r.eventually(t, "messages", func(s Stats) bool { return s.MessagesAcked >= 20 })
	s := r.Stats()
	if s.Deliveries != 0 || s.MessagesUndelivered != 0 || s.Guilds != 1 {
		t.Errorf("got %+v, want nothing heard of a guild that is unavailable, nothing owed, and one guild", s)
	}
	c.mu.Lock()
	asked := c.asked["/api/v10/guilds/7/channels"]
	c.mu.Unlock()
	if asked < 1 || asked > 6 {
		t.Errorf("channels: got asked %d times, want once, or once a user", asked)
	}
	r.eventually(t, "the guild is unavailable", func(s Stats) bool { return s.GuildsUnavailable == 1 && s.GuildsUnavailableMax == 1 })
	c.server.DispatchGuild(t.Context(), guildOfChat())
	r.eventually(t, "the guild is there", func(s Stats) bool { return s.GuildsUnavailable == 0 })
	c.server.DispatchGuild(t.Context(), protocol.NewGuildDelete(7, true))
	r.eventually(t, "the guild is away", func(s Stats) bool { return s.GuildsUnavailable == 1 })
}

// An API that is away, or talks nonsense, costs the messages that are due, and is said.
func TestBadAPI(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]http.HandlerFunc{
		"no JSON":         func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello")) },
		"no id":           func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) },
		"errors":          func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
		"always too many": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) },
		"hangs up":        func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newChat(t)
			bad := httptest.NewServer(handler)
			defer bad.Close()
			cfg := c.config()
			cfg.REST = []string{bad.URL}
			r := run(t, cfg)
			r.eventually(t, "failures", func(s Stats) bool { return s.MessagesFailed > 2 })
			if s := r.stop(t); s.MessagesAcked != 0 || s.MessagesSent != s.MessagesFailed || r.sender.trouble() == nil {
				t.Errorf("got %+v and trouble %v, want all failed and why", s, r.sender.trouble())
			}
			if table := r.Report(time.Second, nil).Table(); !strings.Contains(table, "why the last of those failed                 load: ") || !strings.Contains(table, "not looked for") {
				t.Errorf("table: got\n%s\nwant why the last one failed", table)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			reader := NewReader(cfg.REST, token)
			defer reader.Close()
			if check := reader.Check(ctx, []Acked{{0, 8, 1}, {0, 9, 2}}); check.Unknown != 2 || check.Lost != 0 || check.Trouble == "" {
				t.Errorf("read back: got %+v, want both unknown", check)
			}
		})
	}
}

// A stop does not wait for an API that does not answer.
func TestStopIsQuickWhileUsersWrite(t *testing.T) {
	t.Parallel()
	c := newChat(t)
	hold := make(chan struct{})
	mute := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hold }))
	defer mute.Close()
	defer close(hold)
	cfg := c.config()
	cfg.REST = []string{mute.URL}
	r := run(t, cfg)
	r.eventually(t, "messages under way", func(s Stats) bool { return s.MessagesSent >= 3 })
	r.stop(t)
}

// A channel is read a page at a time, and what is in no page is asked for.
func TestReadingBackByPages(t *testing.T) {
	t.Parallel()
	c := newChat(t)
	var written []Acked
	for i := range uint64(550) {
		if i%50 != 0 {
			c.stored = append(c.stored, stored{8, 10 + 2*i})
		}
		if i%2 == 0 {
			written = append(written, Acked{int(i % 5), 8, 10 + 2*i})
		}
	}
	reader := NewReader([]string{c.api.URL}, token)
	defer reader.Close()
	if check := reader.Check(t.Context(), written); check.Lost != 11 || check.Read != 275 || check.Unknown != 0 {
		t.Errorf("got %+v, want the 11 lost that are not there", check)
	}
	if calls := c.asked["list"]; calls > 7 {
		t.Errorf("lists: got %d, want a page for every hundred", calls)
	}
}

func TestReadingBackKeepsTheLimits(t *testing.T) {
	t.Parallel()
	calls := 0
	var mu sync.Mutex
	limiting := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		calls++
		if calls%2 == 1 {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusTooManyRequests)
			_, _ = w.Write([]byte(`{"retry_after":0.001}`))
			return
		}
		_, _ = w.Write([]byte(`[{"id":"1"},{"id":"2"}]`))
	}))
	defer limiting.Close()
	reader := NewReader([]string{limiting.URL}, token)
	defer reader.Close()
	if check := reader.Check(t.Context(), []Acked{{0, 8, 2}, {1, 8, 1}}); check.Lost+check.Unknown != 0 || check.Read != 2 || calls != 2 {
		t.Errorf("got %+v after %d calls, want both found by the second", check, calls)
	}
}
