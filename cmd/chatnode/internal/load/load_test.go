package load

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/rs/zerolog"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
)

// The story of the package: a crowd connects, loses its only gateway, finds it back, and leaves.
func TestUsersComeBack(t *testing.T) {
	t.Parallel()
	const users = 50
	begin := time.Now()
	address, first, stopFirst := serve(t, "127.0.0.1:0")
	r := run(t, Config{Gateways: []string{"ws://" + address}, Users: users, Seed: 1, Rate: 1000})
	r.eventually(t, "all connected", func(s Stats) bool { return s.Connected == users })
	if got := first.Stats(); got.Ready != users || got.Identified != users {
		t.Errorf("first gateway: got %+v, want %d ready", got, users)
	}

	stopFirst()
	r.eventually(t, "all lost", func(s Stats) bool { return s.Lost == users && s.Failures > 0 })
	if got := first.Stats().Closes[protocol.CloseGoingAway]; got != users {
		t.Errorf("sessions told by the first gateway: got %d, want %d", got, users)
	}

	_, second, stopSecond := serve(t, address)
	defer stopSecond()
	r.eventually(t, "all back", func(s Stats) bool { return s.Connected == users })
	s := r.stop(t)
	if s.Ready != 2*users || s.Lost != users || s.Closed != users {
		t.Errorf("in the end: got %+v, want %d readies, %d lost, %d closed", s, 2*users, users, users)
	}
	if limit := users * time.Since(begin).Seconds(); s.ConnectedSeconds <= 0 || s.ConnectedSeconds > limit {
		t.Errorf("connected seconds: got %v, want more than 0 and at most %v", s.ConnectedSeconds, limit)
	}
	// The gateway's book-keeping may be a moment behind the sockets.
	r.eventually(t, "goodbyes heard by the second gateway", func(Stats) bool { return second.Stats().Closes[1000] == users })
}

// Users outlive many heartbeats: the gateway closes who stops them, the user who hears no answer.
func TestHeartbeatsKeepSessionsUp(t *testing.T) {
	t.Parallel()
	address, server, stop := serve(t, "127.0.0.1:0")
	defer stop()
	r := run(t, Config{Gateways: []string{"ws://" + address}, Users: 3, Seed: 2})
	// Silence would have ended each of them after 1.5 intervals.
	r.eventually(t, "sessions of 1.6 intervals", func(s Stats) bool {
		return s.ConnectedSeconds > 3*1.6*heartbeatInterval.Seconds()
	})
	if s := r.stop(t); s.Lost != 0 || s.Ready != 3 {
		t.Errorf("in the end: got %+v, want 3 readies and none lost; gateway %+v", s, server.Stats())
	}
}

const shortHello = `{"op":10,"d":{"heartbeat_interval":20}}`

func TestDeadGatewayIsNoticed(t *testing.T) {
	t.Parallel()
	url, closes := script(t, true, shortHello, readyFrame)
	r := run(t, Config{Gateways: []string{url}, Users: 1, Seed: 3})
	r.eventually(t, "one lost", func(s Stats) bool { return s.Lost >= 1 })
	if got := <-closes; got != hangUpBroken {
		t.Errorf("close code of the user: got %d, want %d", got, hangUpBroken)
	}
}

func TestGatewayMayAskToReconnect(t *testing.T) {
	t.Parallel()
	url, _ := script(t, true, shortHello, readyFrame, `{"op":7,"d":null}`)
	r := run(t, Config{Gateways: []string{url}, Users: 1, Seed: 4})
	r.eventually(t, "came back", func(s Stats) bool { return s.Closed >= 2 })
	if s := r.Stats(); s.Lost != 0 {
		t.Errorf("lost: got %d, want 0: the user hung up itself", s.Lost)
	}
}

// A gateway that never reads again does not hold up the stop.
func TestStopIsQuick(t *testing.T) {
	t.Parallel()
	for _, messages := range [][]string{
		{helloFrame, readyFrame}, // connected
		{helloFrame},             // waiting for READY
		{},                       // waiting for Hello
	} {
		url, _ := script(t, false, messages...)
		r := run(t, Config{Gateways: []string{url}, Users: 5, Seed: 5})
		r.eventually(t, "all dialled", func(s Stats) bool { return s.Attempts == 5 && (len(messages) < 2 || s.Connected == 5) })
		r.stop(t)
	}
}

func TestDialsAreBounded(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	var mute []net.Conn // taken, never answered
	r := run(t, Config{Gateways: []string{"ws://" + listener.Addr().String()}, Users: 10, MaxDials: 3, Seed: 6})
	for range 3 {
		c, err := listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		mute = append(mute, c)
	}
	if got := r.Stats().Attempts; got != 3 {
		t.Errorf("dials in flight: got %d, want 3", got)
	}
	if s := r.stop(t); s.Attempts != 3 || s.Failures != 3 {
		t.Errorf("in the end: got %+v, want 3 attempts, all failed", s)
	}
	for _, c := range mute {
		_ = c.Close()
	}
}

func TestStatsHandler(t *testing.T) {
	t.Parallel()
	l, err := New(Config{Gateways: []string{"ws://gateway.test"}, Users: 7, Token: token})
	if err != nil {
		t.Fatal(err)
	}
	answer := httptest.NewRecorder()
	l.Handler().ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/admin/stats", nil))
	var got map[string]any
	if err := json.Unmarshal(answer.Body.Bytes(), &got); err != nil {
		t.Fatalf("body %q: %v", answer.Body, err)
	}
	for _, member := range []string{"connected", "ready_total", "lost_total", "closed_total", "attempts_total", "failures_total", "connected_seconds"} {
		if got[member] != 0.0 {
			t.Errorf("%s: got %v, want 0", member, got[member])
		}
	}
	at, _ := got["at"].(string)
	if _, err := time.Parse(time.RFC3339Nano, at); err != nil || got["users"] != 7.0 || len(got) < 30 {
		t.Errorf("body: got %s, want 7 users, a time and all figures", answer.Body)
	}
}

func TestProgress(t *testing.T) {
	t.Parallel()
	var lines strings.Builder
	l, err := New(Config{Gateways: []string{"ws://gateway.test"}, Users: 2, Token: token, Log: zerolog.New(&lines)})
	if err != nil {
		t.Fatal(err)
	}
	refuse := func() { l.tally.failed(errors.New("refused")) }
	said := progress{begin: start}
	steps := []struct {
		name string
		at   time.Duration
		do   func()
		want string // in the line; empty means no line
	}{
		{"nothing yet", time.Second, func() {}, ""},
		{"first failures", 2 * time.Second, refuse, "refused"},
		{"more failures", 3 * time.Second, refuse, ""},
		{"a pause between tries", 4 * time.Second, func() {}, ""},
		{"failures after the pause", 5 * time.Second, refuse, ""},
		{"one up", 6 * time.Second, func() { l.tally.connected(time.Now(), false) }, ""},
		{"all up, too soon for a line", 6500 * time.Millisecond, func() { l.tally.connected(time.Now(), false) }, ""},
		{"all up", 7 * time.Second, func() {}, "all users are connected"},
		{"all still up", 7900 * time.Millisecond, func() { said.lineAt = start }, ""},
		{"one lost", 9 * time.Second, func() { l.tally.ended(time.Now(), false) }, ""},
		{"a minute is over", 60 * time.Second, func() {}, `"lost":1`},
		{"the next one is not", 119 * time.Second, func() {}, ""},
		{"the next one", 120 * time.Second, func() {}, `"connected":1`},
		{"failures again", 121 * time.Second, func() { l.tally.ended(time.Now(), false); l.tally.failed(errors.New("away")) }, "away"},
	}
	for _, s := range steps {
		lines.Reset()
		s.do()
		l.report(&said, start.Add(s.at))
		if got := lines.String(); (s.want == "") != (got == "") || !strings.Contains(got, s.want) {
			t.Errorf("%s: got %q, want a line with %q", s.name, got, s.want)
		}
	}
	shown := 0
	l.cfg.Progress = func(line string) {
		shown++
		if !strings.Contains(line, "connected 0/2") || !strings.Contains(line, "lost 2") {
			t.Errorf("line: got %q, want the counters", line)
		}
	}
	lines.Reset()
	l.report(&said, start.Add(300*time.Second))
	if shown != 1 || lines.Len() > 0 {
		t.Errorf("on a terminal: got %d lines and the log %q, want one line", shown, lines.String())
	}
}

func TestConfigValidate(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name   string
		change func(*Config)
		want   string // in the error; empty means none
	}{
		{"complete", func(*Config) {}, ""},
		{"no gateway", func(c *Config) { c.Gateways = nil }, "gateway"},
		{"gateway of the wrong kind", func(c *Config) { c.Gateways = []string{"http://x"} }, "ws://"},
		{"gateway without a host", func(c *Config) { c.Gateways = []string{"ws://"} }, "ws://"},
		{"gateway that does not parse", func(c *Config) { c.Gateways = []string{"ws://\x00"} }, "parse"},
		{"no users", func(c *Config) { c.Users = 0 }, "users"},
		{"too many users", func(c *Config) { c.Users = maxUsers + 1 }, "users"},
		{"no tokens", func(c *Config) { c.Token = nil }, "token"},
		{"token that is no text", func(c *Config) { c.Token = func(int) string { return "\xff" } }, "user 0"},
		{"negative rate", func(c *Config) { c.Rate = -1 }, "rate"},
		{"negative dials", func(c *Config) { c.MaxDials = -1 }, "dials"},
		{"negative messages", func(c *Config) { c.Messages = -1 }, "messages"},
		{"messages to nobody", func(c *Config) { c.Messages = 1 }, "API node"},
		{"API node of the wrong kind", func(c *Config) { c.REST = []string{"ws://x"} }, "http://"},
		{"negative duration", func(c *Config) { c.Duration = -1 }, "duration"},
		{"unknown compression", func(c *Config) { c.Compress = "gzip" }, "gzip"},
		{"bad backoff", func(c *Config) { c.Backoff.Base = -1 }, "backoff"},
	}
	for _, row := range rows {
		cfg := Config{Gateways: []string{"ws://x:1"}, Users: 1, Token: token}
		row.change(&cfg)
		_, err := New(cfg)
		if (err == nil) != (row.want == "") || (err != nil && !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%s: got %v, want an error with %q", row.name, err, row.want)
		}
	}
}
