package gateway

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
)

// hosting supplies guild 7 to every session that has it, with one channel and two members.
type hosting struct {
	stubGuilds
	server chan *Server // holds it once the test has it
}

// memberObjects are anna and otto.
func memberObjects() []protocol.MemberObject {
	joined := time.Date(2019, 1, 2, 3, 4, 5, 0, time.UTC)
	anna, otto := protocol.NewUserObject(protocol.User{ID: 1, Username: "anna"}), protocol.NewUserObject(protocol.User{ID: 2, Username: "otto"})
	return []protocol.MemberObject{{User: &anna, JoinedAt: joined}, {User: &otto, JoinedAt: joined}}
}

// Opened is part of Guilds.
func (h *hosting) Opened(s protocol.SessionInfo) {
	h.stubGuilds.Opened(s)
	server := <-h.server
	h.server <- server
	guild := protocol.GuildObject{
		ID: 7, Name: "harbor", Owner: 1, MemberCount: 2, Locale: "en-US", Members: memberObjects(),
		Roles:    []protocol.RoleObject{{ID: 7, Name: "@everyone", Permissions: "104324673"}},
		Channels: []protocol.ChannelObject{{ID: 8, Name: "general"}},
	}
	server.DispatchSession(context.Background(), s.ID, protocol.NewGuildCreate(guild))
}

// Members is part of Guilds.
func (h *hosting) Members(context.Context, uint64) ([]protocol.Member, error) {
	var all []protocol.Member
	for _, m := range memberObjects() {
		object, err := json.Marshal(m)
		if err != nil {
			return nil, err
		}
		all = append(all, protocol.Member{User: uint64(m.User.ID), Names: []string{m.User.Username}, Object: object})
	}
	return all, nil
}

// stock is a client library at work in a process of its own.
type stock struct {
	t     *testing.T
	say   io.Writer
	lines chan string
}

// start runs tests/cluster/stockclient, built without the race detector: what the libraries do is their own affair.
func start(t *testing.T, args ...string) *stock {
	t.Helper()
	const folder = "../../../../tests/cluster/stockclient"
	sources, err := filepath.Glob(folder + "/*.go")
	if err != nil || len(sources) == 0 {
		t.Fatalf("sources of stockclient: got %d, %v, want some", len(sources), err)
	}
	for _, file := range sources { // the test cache has to know what the result depends on
		if _, err := os.Stat(file); err != nil {
			t.Fatal(err)
		}
	}
	binary := filepath.Join(t.TempDir(), "stockclient.exe") // a name that every system runs
	build := exec.CommandContext(t.Context(), "go", "build", "-race=false", "-o", binary, ".")
	build.Dir = folder
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building stockclient: %v\n%s", err, out)
	}
	command := exec.CommandContext(t.Context(), binary, args...)
	stdin, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr strings.Builder
	command.Stderr = &stderr
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	s := &stock{t: t, say: stdin, lines: make(chan string, 100)}
	read := make(chan struct{})
	go func() {
		defer close(read)
		for in := bufio.NewScanner(stdout); in.Scan(); {
			s.lines <- strings.TrimSpace(in.Text())
		}
	}()
	t.Cleanup(func() {
		_ = stdin.Close()
		<-read
		if err := command.Wait(); err != nil && t.Context().Err() == nil {
			t.Errorf("stockclient: %v\n%s", err, stderr.String())
		}
	})
	return s
}

func (s *stock) does(command string) {
	s.t.Helper()
	if _, err := fmt.Fprintln(s.say, command); err != nil {
		s.t.Fatal(err)
	}
}

// hears expects lines in order.
func (s *stock) hears(want ...string) {
	s.t.Helper()
	for _, w := range want {
		if got := s.line(); got != w {
			s.t.Fatalf("the library heard: got %q, want %q", got, w)
		}
	}
}

// hearsBoth expects two lines in any order.
func (s *stock) hearsBoth(a, b string) {
	s.t.Helper()
	got := []string{s.line(), s.line()}
	if !slices.Contains(got, a) || !slices.Contains(got, b) {
		s.t.Fatalf("the library heard: got %q, want %q and %q", got, a, b)
	}
}

func (s *stock) line() string {
	s.t.Helper()
	select {
	case got := <-s.lines:
		return got
	case <-time.After(patience):
		s.t.Fatal("the library heard: got nothing more, want a line")
		return ""
	}
}

// message is one of guild 7, long enough to be compressed by itself.
func (r *running) message(t *testing.T, text string) {
	t.Helper()
	told := r.DispatchGuild(t.Context(), protocol.NewMessageCreate(protocol.MessageObject{
		ID: 100, Channel: 8, Guild: 7, Author: protocol.NewUserObject(protocol.User{ID: 2, Username: "otto"}),
		Content: text + strings.Repeat(" ", 600),
	}))
	if told != 1 {
		t.Fatalf("sessions told of %s: got %d, want 1", text, told)
	}
}

// cut ends all connections without a word.
func (r *running) cut() {
	for _, c := range r.connections() {
		_ = c.socket.Close()
	}
}

// forget makes the only session unknown, as the loss of its node would.
func (r *running) forget(t *testing.T) {
	t.Helper()
	for _, s := range r.directory.byGuild(7) {
		r.directory.remove(s, []uint64{7})
	}
}

// TestLibraries drives the server with two unmodified client libraries: one of version 9, which resumes where it was,
// whatever it was told, and one of version 10, which resumes at the URL of READY. Both ask for compressed messages.
func TestLibraries(t *testing.T) {
	t.Parallel()
	rows := []struct {
		library string
		status  string
		large   int
	}{
		{"discordgo", "dnd", 250},
		{"disgo", "idle", 50},
	}
	for _, row := range rows {
		t.Run(row.library, func(t *testing.T) {
			t.Parallel()
			guilds := &hosting{server: make(chan *Server, 1)}
			r := serve(t, func(c *Config) { c.Guilds, c.ResumeWindow = guilds, time.Hour })
			guilds.server <- r.Server
			rest := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = fmt.Fprintf(w, `{"url":%q}`, r.url) // GET /gateway is all that it asks for
			}))
			defer rest.Close()

			s := start(t, "-library", row.library, "-token", "t1", "-rest", rest.URL, "-gateway", r.url)
			s.hears("ready", "guild harbor 2 general")
			guilds.says(t, fmt.Sprintf("opened for 1, guilds [7], large %d", row.large), "1 is "+row.status)
			r.message(t, "one")
			s.hears("message one")
			s.does("members 7 o")
			s.hears("members otto")

			r.cut()
			r.message(t, "two")
			s.hearsBoth("message two", "resumed") // it may have come back already
			r.AskToReconnect(t.Context(), 0)
			s.hears("resumed")
			r.DispatchGuild(t.Context(), protocol.NewGuildDelete(7, true))
			s.hears("unavailable 7")

			r.forget(t)
			r.cut()
			s.hears("ready", "guild harbor 2 general")
			r.message(t, "three")
			s.hears("message three")
			s.does("close")
			r.sweep(time.Now().Add(2 * time.Hour)) // what was forgotten is still counted
			r.eventually(t, "no session", func(s Stats) bool { return s.Sessions == 0 && s.Parked == 0 })
			if got := r.Stats(); got.Identified != 2 || got.Resumed != 2 || got.ResumeRefused != 1 {
				t.Errorf("in the end: got %+v, want 2 identified, 2 resumed, 1 refused", got)
			}
		})
	}
}
