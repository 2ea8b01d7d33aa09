package gateway

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
)

// What the benchmarks of the budget are made of.
const (
	idleSessions = 19_000
	allSessions  = 10_000
	budgetNodes  = 2
	manyGuilds   = 100
	messageRate  = 300 // a second
	rateTime     = 10 * time.Second
	toAllRounds  = 20
	toAllPause   = 500 * time.Millisecond
)

// budgetServer knows users by tokens of the form NUMBER/GUILD.
func budgetServer(b *testing.B) *running {
	b.Helper()
	return serve(b, func(c *Config) {
		c.IdentifyLimit = 1 << 20
		c.Loader = loaderFunc(func(_ context.Context, token string) (protocol.User, error) {
			user, guild, _ := strings.Cut(token, "/")
			n, err := strconv.ParseUint(user, 10, 64)
			if err != nil {
				return protocol.User{}, ErrBadToken
			}
			g, err := strconv.ParseUint(guild, 10, 64)
			return protocol.User{ID: n + 1, Username: "user " + user, Guilds: []uint64{g << 22}}, err
		})
	})
}

// stamped is a message of a guild, as large as those of people are, that says when it was made.
func stamped(guild int) protocol.Dispatch {
	return protocol.NewMessageCreate(protocol.MessageObject{
		ID: 100, Guild: protocol.Snowflake(guild) << 22, Channel: 8, Author: protocol.NewUserObject(protocol.User{ID: 1, Username: "anna"}),
		Content: fmt.Sprintf("@%d and what there is to say", time.Now().UnixNano()),
	})
}

// bareServer is WebSockets of the same library and nothing else: no session, no number, no replay, no queue.
type bareServer struct {
	mu   sync.Mutex
	all  []*websocket.Conn
	at   string
	stop func()
}

func newBareServer(b *testing.B) *bareServer {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	s := &bareServer{at: listener.Addr().String()}
	web := &http.Server{ReadHeaderTimeout: handshakeTimeout, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		s.mu.Lock()
		s.all = append(s.all, ws)
		s.mu.Unlock()
		_, _, _ = ws.Read(r.Context()) // until it ends
	})}
	go func() { _ = web.Serve(listener) }()
	s.stop = func() {
		_ = web.Close()
		for _, ws := range s.all {
			_ = ws.CloseNow()
		}
	}
	b.Cleanup(s.stop)
	return s
}

func (s *bareServer) awaitAll(b *testing.B, n int) {
	b.Helper()
	for deadline := time.Now().Add(patience); ; <-time.After(time.Millisecond) {
		s.mu.Lock()
		there := len(s.all)
		s.mu.Unlock()
		if there == n {
			return
		}
		if time.Now().After(deadline) {
			b.Fatalf("bare connections: got %d, want %d", there, n)
		}
	}
}

// bareFanOut sends the same bytes to every one of some connections, one after the other.
func bareFanOut(ctx context.Context, to []*websocket.Conn, d protocol.Dispatch) {
	payload := append([]byte(`{"s":2,`), d.Full.Text()...)
	for _, ws := range to {
		_ = ws.Write(ctx, websocket.MessageText, payload)
	}
}

// residentBytes is what the system has given the process; zero where it does not say.
func residentBytes() int {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	words := strings.Fields(string(text))
	if len(words) < 2 {
		return 0
	}
	pages, _ := strconv.Atoi(words[1])
	return pages * os.Getpagesize()
}

// BenchmarkBudgetIdle is what 19,000 idle sessions cost their process, beside as many bare WebSockets that are read.
// Budget: 20 KB each.
func BenchmarkBudgetIdle(b *testing.B) {
	b.Run("sessions", func(b *testing.B) {
		r := budgetServer(b)
		clients := newOutside(b)
		before, resident := baseline()
		clients.does("open %s 1 %d", strings.TrimPrefix(r.url, "ws://"), idleSessions)
		r.eventually(b, "all are ready", func(s Stats) bool { return s.Ready == idleSessions })
		reportIdle(b, before, resident)
		clients.does("close")
		r.eventually(b, "all are gone", func(s Stats) bool { return s.Sessions == 0 })
	})
	b.Run("bare", func(b *testing.B) {
		s := newBareServer(b)
		clients := newOutside(b)
		before, resident := baseline()
		clients.does("open %s 0 %d", s.at, idleSessions)
		s.awaitAll(b, idleSessions)
		reportIdle(b, before, resident)
	})
}

// baseline is what is in use, and what the system counts, once all that is free has been given back.
func baseline() (used, resident int) {
	used = inUse()
	debug.FreeOSMemory()
	return used, residentBytes()
}

func reportIdle(b *testing.B, before, resident int) {
	b.Helper()
	used, now := baseline()
	b.ReportMetric(float64(used-before)/idleSessions/1024, "KiB/session")
	b.ReportMetric(float64(now-resident)/idleSessions/1024, "KiB-resident/session")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkBudgetToAll is one message to 10,000 sessions on two nodes, from before it is encoded until the last has read it.
// Budget: p99 of 250 ms.
func BenchmarkBudgetToAll(b *testing.B) {
	b.Run("sessions", func(b *testing.B) {
		clients := newOutside(b)
		var nodes []*running
		for range budgetNodes {
			r := budgetServer(b)
			clients.does("open %s 1 %d", strings.TrimPrefix(r.url, "ws://"), allSessions/budgetNodes)
			r.eventually(b, "all are ready", func(s Stats) bool { return s.Ready == allSessions/budgetNodes })
			nodes = append(nodes, r)
		}
		toAll(b, clients, func() {
			d := stamped(1)
			var group sync.WaitGroup
			for _, r := range nodes {
				group.Go(func() { r.DispatchGuild(b.Context(), d) })
			}
			group.Wait()
		})
		clients.does("close")
		for _, r := range nodes {
			r.eventually(b, "all are gone", func(s Stats) bool { return s.Sessions == 0 })
		}
	})
	b.Run("bare", func(b *testing.B) {
		clients := newOutside(b)
		var nodes []*bareServer
		for range budgetNodes {
			s := newBareServer(b)
			clients.does("open %s 0 %d", s.at, allSessions/budgetNodes)
			s.awaitAll(b, allSessions/budgetNodes)
			nodes = append(nodes, s)
		}
		toAll(b, clients, func() {
			d := stamped(1)
			var group sync.WaitGroup
			for _, s := range nodes {
				group.Go(func() { bareFanOut(b.Context(), s.all, d) })
			}
			group.Wait()
		})
	})
}

func toAll(b *testing.B, clients *outside, send func()) {
	b.Helper()
	send() // the first one grows stacks and buffers
	clients.does("heard %d", allSessions)
	for range toAllRounds {
		send()
		<-time.After(toAllPause)
	}
	reportLatency(b, clients.does("heard %d", toAllRounds*allSessions))
}

func reportLatency(b *testing.B, m measured) {
	b.Helper()
	b.ReportMetric(m.P50, "p50-ms")
	b.ReportMetric(m.P99, "p99-ms")
	b.ReportMetric(m.Max, "max-ms")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkBudgetRate is 300 messages a second into 100 guilds of 100 sessions on two nodes. Budget: p99 of 100 ms.
func BenchmarkBudgetRate(b *testing.B) {
	b.Run("sessions", func(b *testing.B) {
		clients := newOutside(b)
		var nodes []*running
		for range budgetNodes {
			r := budgetServer(b)
			clients.does("open %s %d %d", strings.TrimPrefix(r.url, "ws://"), manyGuilds, allSessions/budgetNodes)
			r.eventually(b, "all are ready", func(s Stats) bool { return s.Ready == allSessions/budgetNodes })
			nodes = append(nodes, r)
		}
		atRate(b, clients, func(guild int) {
			d := stamped(guild + 1)
			for _, r := range nodes {
				r.DispatchGuild(b.Context(), d)
			}
		})
		clients.does("close")
		for _, r := range nodes {
			r.eventually(b, "all are gone", func(s Stats) bool { return s.Sessions == 0 })
		}
	})
	b.Run("bare", func(b *testing.B) {
		clients := newOutside(b)
		s := newBareServer(b)
		clients.does("open %s 0 %d", s.at, allSessions)
		s.awaitAll(b, allSessions)
		const size = allSessions / manyGuilds
		atRate(b, clients, func(guild int) { bareFanOut(b.Context(), s.all[guild*size:(guild+1)*size], stamped(guild+1)) })
	})
}

// atRate sends evenly, each message from a goroutine of its own, so that a slow one does not hold up the next.
func atRate(b *testing.B, clients *outside, send func(guild int)) {
	b.Helper()
	total := messageRate * int(rateTime/time.Second)
	var group sync.WaitGroup
	begin := time.Now()
	for i := range total {
		<-time.After(time.Until(begin.Add(time.Duration(i) * time.Second / messageRate)))
		group.Go(func() { send(i % manyGuilds) })
	}
	group.Wait()
	reportLatency(b, clients.does("heard %d", total*allSessions/manyGuilds))
}
