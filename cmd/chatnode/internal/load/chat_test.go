package load

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
)

// chat is a small chat service: a real gateway, with guild 7 and its channels 8 and 9, and an API that keeps messages and has
// them dispatched.
type chat struct {
	t      *testing.T
	server *gateway.Server
	cut    *cutter
	api    *httptest.Server

	mu       sync.Mutex // owns everything below; also keeps the order
	hidden   bool       // the guild does not become available
	stored   []stored
	last     uint64
	limit    int                  // so many answers 429 before the next message is taken
	swallow  func(n uint64) bool  // the message is acknowledged, and not kept
	dispatch func(n uint64) int   // how often a message is dispatched; nil is once
	held     []protocol.Dispatch  // to be dispatched behind the next
	hold     func(n uint64) bool  // the message is held
	waits    map[string]time.Time // until when a token has been told to wait
	hasty    int                  // messages of those who did not
	asked    map[string]int       // calls, by method and first part of the path
}

type stored struct{ channel, id uint64 }

// cutter is a listener that can end all its connections.
type cutter struct {
	net.Listener
	mu    sync.Mutex
	conns []net.Conn
}

func (c *cutter) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err == nil {
		c.mu.Lock()
		c.conns = append(c.conns, conn)
		c.mu.Unlock()
	}
	return conn, err
}

func (c *cutter) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.conns {
		_ = conn.Close()
	}
	c.conns = nil
}

// Opened is part of gateway.Guilds.
func (c *chat) Opened(s protocol.SessionInfo) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.hidden {
		return
	}
	c.server.DispatchSession(context.Background(), s.ID, guildOfChat())
}

func guildOfChat() protocol.Dispatch {
	return protocol.NewGuildCreate(protocol.GuildObject{ID: 7, Name: "harbor", Channels: []protocol.ChannelObject{{ID: 8, Name: "a"}, {ID: 9, Name: "b"}}})
}

func (*chat) Closed(protocol.SessionInfo)                      {}
func (*chat) Presence(protocol.SessionInfo, protocol.Presence) {}
func (*chat) Members(context.Context, uint64) ([]protocol.Member, error) {
	return nil, nil
}

func newChat(t *testing.T) *chat {
	t.Helper()
	return newChatAt(t, "")
}

// newChatAt is one that wants its sessions resumed at a URL; empty for where it is.
func newChatAt(t *testing.T, resumeURL string) *chat {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &chat{t: t, cut: &cutter{Listener: listener}, asked: map[string]int{}, waits: map[string]time.Time{}, last: 1000}
	c.server, err = gateway.New(gateway.Config{
		Listener: c.cut, Node: "node-1", Loader: anyone{}, Guilds: c, HeartbeatInterval: time.Minute, ResumeWindow: time.Hour,
		PublicURL: resumeURL,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.server.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("gateway: got %v, want nil", err)
		}
	})
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v10/channels/{channel}/messages", c.post)
	mux.HandleFunc("GET /api/v10/channels/{channel}/messages", c.list)
	mux.HandleFunc("GET /api/v10/channels/{channel}/messages/{message}", c.get)
	mux.HandleFunc("GET /api/v10/guilds/7/channels", c.says(`[{"id":"8"},{"id":"9"}]`))
	mux.HandleFunc("GET /api/v10/users/@me/guilds", c.says(`[{"id":"7"}]`))
	c.api = httptest.NewServer(mux)
	t.Cleanup(c.api.Close)
	return c
}

func (c *chat) says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.asked[r.URL.Path]++
		_, _ = w.Write([]byte(text))
	}
}

func (c *chat) config() Config {
	return Config{
		Gateways: []string{"ws://" + c.cut.Addr().String()}, REST: []string{c.api.URL}, Users: 6, Seed: 1, Resume: true, Messages: 200,
	}
}

func (c *chat) post(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	who := r.Header.Get("Authorization")
	if time.Now().Before(c.waits[who]) {
		c.hasty++
	}
	if c.limit > 0 {
		c.limit--
		c.waits[who] = time.Now().Add(20 * time.Millisecond)
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = w.Write([]byte(`{"retry_after":0.02}`))
		return
	}
	var body struct {
		Content string `json:"content"`
	}
	if err := json.UnmarshalRead(r.Body, &body); err != nil || !strings.HasPrefix(who, "user-") {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.last++
	n := c.last - 1000
	channel, _ := strconv.ParseUint(r.PathValue("channel"), 10, 64)
	if c.swallow == nil || !c.swallow(n) {
		c.stored = append(c.stored, stored{channel, c.last})
	}
	d := protocol.NewMessageCreate(protocol.MessageObject{ID: protocol.Snowflake(c.last), Channel: protocol.Snowflake(channel), Guild: 7, Content: body.Content})
	times := 1
	if c.dispatch != nil {
		times = c.dispatch(n)
	}
	if c.hold != nil && c.hold(n) {
		c.held = append(c.held, d)
		times = 0
	}
	for range times {
		c.server.DispatchGuild(r.Context(), d)
	}
	if times > 0 {
		for _, late := range c.held {
			c.server.DispatchGuild(r.Context(), late)
		}
		c.held = nil
	}
	_, _ = fmt.Fprintf(w, `{"id":"%d"}`, c.last)
}

func (c *chat) list(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked["list"]++
	var page []identified
	after, _ := strconv.ParseUint(r.URL.Query().Get("after"), 10, 64)
	for _, m := range c.stored {
		if fmt.Sprint(m.channel) == r.PathValue("channel") && m.id > after && len(page) < pageSize {
			page = append(page, identified{id(m.id)})
		}
	}
	slices.Reverse(page)
	_ = json.MarshalWrite(w, page)
}

func (c *chat) get(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !slices.ContainsFunc(c.stored, func(m stored) bool { return fmt.Sprint(m.id) == r.PathValue("message") }) {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	_, _ = fmt.Fprintf(w, `{"id":%q}`, r.PathValue("message"))
}

// change sets what the service does from now on.
func (c *chat) change(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
}
