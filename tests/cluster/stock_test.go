//go:build unix

package cluster

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// stockLimit bounds each thing that a library has to hear of. discordgo doubles its pause after each attempt.
const stockLimit = 40 * time.Second

// The tokens of the first two users that a store makes by its default seed. They open nothing else.
const (
	annasToken = "MTMyMjcxNTcwOTQ0MDA0MDk2.VoXBgA.D2vw5GYxp2wfjDekzDvMVH59lFwzb2QXXciv3yYY-cg" //nolint:gosec // computed from a seed that everybody knows
	ottosToken = "MTMyMjcxODIyNjAyMjQ0MDk2.VoXBgA.yVMPos6kZ_hJoaGMxP6JKVNAqlVlQ2K4PwvLyNSYoXM" //nolint:gosec // as above
)

// stock is a client library at work in a process of its own.
type stock struct {
	t    *testing.T
	name string
	say  io.Writer

	mu    sync.Mutex
	lines []string
}

// stockClient builds the program of the libraries, which have data races of their own, without the race detector.
func stockClient(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "stockclient")
	build := exec.CommandContext(t.Context(), "go", "build", "-race=false", "-o", binary, "./stockclient")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building stockclient: %v\n%s", err, out)
	}
	return binary
}

func startStock(t *testing.T, binary, name string, args ...string) *stock {
	t.Helper()
	command := exec.CommandContext(t.Context(), binary, args...)
	var complaints strings.Builder
	command.Stderr = &complaints
	stdin, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	s := &stock{t: t, name: name, say: stdin}
	read := make(chan struct{})
	go func() {
		defer close(read)
		for in := bufio.NewScanner(stdout); in.Scan(); {
			s.mu.Lock()
			s.lines = append(s.lines, strings.TrimSpace(in.Text()))
			s.mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		_ = stdin.Close()
		<-read
		_ = command.Wait() // it is stopped with the test
		if t.Failed() {
			t.Logf("%s heard %q\n%s", name, s.heard(""), complaints.String())
		}
	})
	return s
}

// heard returns what follows a word in the lines that begin with it.
func (s *stock) heard(word string) (rest []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, line := range s.lines {
		if after, is := strings.CutPrefix(line, word); is {
			rest = append(rest, strings.TrimSpace(after))
		}
	}
	return rest
}

// hears waits until a word has come so many times.
func (s *stock) hears(word string, times int) []string {
	s.t.Helper()
	within(s.t, stockLimit, fmt.Sprintf("%s hears %q %d times", s.name, word, times), func() bool { return len(s.heard(word)) >= times })
	return s.heard(word)
}

// asks gives a command, and waits for the answer that begins with a word.
func (s *stock) asks(word, command string) string {
	s.t.Helper()
	before := len(s.heard(word))
	if _, err := fmt.Fprintln(s.say, command); err != nil {
		s.t.Fatal(err)
	}
	return s.hears(word, before+1)[before]
}

// stockGuild is one that both users are in.
type stockGuild struct {
	channel string
	said    []string // acknowledged, in order
}

// stockStory is a cluster with two libraries on two of its nodes: anna's sends, and otto's must hear everything.
type stockStory struct {
	t          *testing.T
	anna, otto *stock
	guilds     []*stockGuild
	expected   int // of otto's messages
}

// chats lets anna say something in every guild, and otto hear it all: once, and in order.
func (s *stockStory) chats(about string) {
	s.t.Helper()
	for i, g := range s.guilds {
		for n := range 3 {
			text := fmt.Sprintf("%d-%s-%d", i, about, n)
			s.anna.asks("sent "+text, "send "+g.channel+" "+text)
			g.said = append(g.said, text)
			s.expected++
		}
	}
	got := s.otto.hears("message ", s.expected)
	for i, g := range s.guilds {
		mine := slices.DeleteFunc(slices.Clone(got), func(text string) bool { return !strings.HasPrefix(text, fmt.Sprint(i, "-")) })
		if !slices.Equal(mine, g.said) {
			s.t.Errorf("%s: messages of guild %d: got %q dispatched, want %q", about, i, mine, g.said)
		}
	}
}

// reads looks for everything acknowledged.
func (s *stockStory) reads() {
	s.t.Helper()
	for i, g := range s.guilds {
		got := strings.Fields(s.anna.asks("read ", "read "+g.channel))
		slices.Reverse(got)
		if !slices.Equal(got, g.said) {
			s.t.Errorf("messages of guild %d by GET: got %q, want all that were acknowledged, %q", i, got, g.said)
		}
	}
}

// signpost answers as the REST server, but may send clients to a node of its own choice.
func signpost(t *testing.T, rest string) (at string, to *atomic.Value) {
	t.Helper()
	to = &atomic.Value{}
	to.Store("")
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: rest})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if gateway, _ := to.Load().(string); gateway != "" && strings.HasSuffix(r.URL.Path, "/gateway") {
			_, _ = fmt.Fprintf(w, `{"url":%q}`, "ws://"+gateway)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, to
}

// TestStockClientsOutliveNodes: whichever node owns a guild, it is lost once while otto looks on.
func TestStockClientsOutliveNodes(t *testing.T) {
	t.Parallel()
	at := freeAddresses(t, 12)
	etcdAt, storeAt, restAt, otherRest, etcdAdmin := at[0], at[1], at[2], at[3], at[4]
	binary := stockClient(t)
	start(t, nil, "etcd", "--listen="+etcdAt, "--data-dir="+t.TempDir(), "--fast", "--admin="+etcdAdmin)
	start(t, nil, "store", "--listen="+storeAt, "--data-dir="+t.TempDir(), "--users=2", "--guilds=1")
	becomes(t, etcdAdmin, http.StatusOK, "true")
	for i, rest := range []string{restAt, otherRest} {
		start(t, nil, "api", fmt.Sprint("--id=api-", i), "--etcd=http://"+etcdAt, "--store="+storeAt, "--rest="+rest, "--admin="+at[10+i])
		becomes(t, at[10+i], http.StatusOK, "true")
	}
	node := func(n int, admin, ttl string) *running {
		return start(t, nil, "node", fmt.Sprint("--id=node-", n), "--listen="+at[4+n], "--etcd=http://"+etcdAt, "--admin="+admin, "--ttl="+ttl)
	}
	first, second, third := node(1, at[8], "4s"), node(2, at[9], "10m"), node(3, "127.0.0.1:0", "4s")
	becomes(t, at[8], http.StatusOK, "true")
	becomes(t, at[9], http.StatusOK, "true")
	listed := func(id string) bool {
		status, _ := get(t, "http://"+etcdAt+"/v2/keys/services/node/"+id)
		return status == http.StatusOK
	}
	within(t, stockLimit, "three nodes", func() bool { return listed("node-1") && listed("node-2") && listed("node-3") })

	rest, sendTo := signpost(t, restAt)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("node-3 said %s", third.stderr.String())
		}
	})
	sendTo.Store(at[5])
	s := &stockStory{t: t}
	s.anna = startStock(t, binary, "anna", "-library=discordgo", "-rest="+rest, "-token="+annasToken)
	s.otto = startStock(t, binary, "otto", "-library=disgo", "-gateway=ws://"+at[6], "-token="+ottosToken)
	s.anna.hears("ready", 1)
	s.otto.hears("ready", 1)
	for i := range 8 {
		made := strings.Fields(s.anna.asks("created ", fmt.Sprint("create g", i)))
		s.guilds = append(s.guilds, &stockGuild{channel: made[1]})
		s.anna.hears("guild ", i+2) // both have the store's own
		s.anna.asks("added ", "add "+made[0]+" "+userOf(t, ottosToken))
		s.otto.hears("guild ", i+2)
	}
	s.chats("calm")

	put(t, etcdAt, "/services/node/node-1", "")
	s.chats("poison")
	if gone := s.otto.heard("unavailable "); len(gone) > 0 {
		t.Errorf("guilds after poison in the nodes' directory: got %q unavailable, want none", gone)
	}

	within(t, stockLimit, "the record repaired", func() bool { // with a TTL, by which it goes when its node has gone
		_, body := get(t, "http://"+etcdAt+"/v2/keys/services/node/node-1")
		return strings.Contains(body, "ttl")
	})

	sendTo.Store(at[7])
	kill(t, first)
	s.chats("loss")
	s.anna.hears("ready", 2)
	s.reads()

	kill(t, second)
	node(2, at[9], "10m") // long before its old record expires
	s.otto.hears("ready", 2)
	within(t, stockLimit, "otto has all guilds again", func() bool {
		lines := s.otto.heard("")
		after := lines[lastIndex(lines, "ready"):]
		return len(slices.DeleteFunc(slices.Clone(after), func(line string) bool { return !strings.HasPrefix(line, "guild ") })) >= len(s.guilds)+1
	})
	s.chats("return")

	sendTo.Store("") // the directory says where else
	third.stopped(t)
	s.anna.hears("ready", 3)
	s.chats("leave")
	s.reads()
}

func kill(t *testing.T, r *running) {
	t.Helper()
	if err := r.command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = r.command.Wait() // killed
}

func lastIndex(lines []string, line string) int {
	for i, one := range slices.Backward(lines) {
		if one == line {
			return i
		}
	}
	return 0
}

// userOf reads the user's id out of a token, as libraries do.
func userOf(t *testing.T, token string) string {
	t.Helper()
	head, _, _ := strings.Cut(token, ".")
	id, err := base64.RawStdEncoding.DecodeString(head)
	if err != nil {
		t.Fatal(err)
	}
	return string(id)
}
