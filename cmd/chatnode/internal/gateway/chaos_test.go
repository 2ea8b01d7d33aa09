package gateway

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
)

// Clients of every kind are cut off again and again while messages come in, and go on here or through another node. Each
// hears every message once, in order, and every number.
func TestNothingIsLostWhileConnectionsBreak(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	home := serve(t, nil)
	away := serve(t, func(c *Config) { c.Node, c.Peers = "node-2", peers{"node-1": home.url} })
	paths := []string{"/?v=9", "/?v=10", "/?v=10&compress=zlib-stream"}

	const clients, messages = 6, 200
	ready, done := make(chan struct{}, clients), make(chan struct{})
	var group sync.WaitGroup
	for i := range clients {
		group.Go(func() {
			w := &wanderer{t: t, random: rand.New(rand.NewPCG(seed, uint64(i))), path: paths[i%len(paths)], nodes: []*running{home, away}}
			w.wander(ready, messages)
		})
	}
	for range clients {
		<-ready
	}
	go func() {
		defer close(done)
		for i := range messages {
			home.DispatchGuild(t.Context(), say(fmt.Sprint(i)))
			<-time.After(time.Millisecond) // clients come and go meanwhile
		}
	}()
	<-done
	group.Wait()
	if t.Failed() {
		t.Logf("seed %d", seed)
	}
}

// wanderer is a client that loses its connection now and then.
type wanderer struct {
	t      *testing.T
	random *rand.Rand
	path   string
	nodes  []*running
	last   *follower
	heard  int // messages, so many of which are the first ones
}

// wander hears all messages and says so when it has its session.
func (w *wanderer) wander(ready chan<- struct{}, messages int) {
	first := w.nodes[0].follow(w.t, w.path)
	first.login("t1", allIntents+`,"compress":true`)
	w.last = first
	ready <- struct{}{}
	for w.heard < messages && !w.t.Failed() {
		w.listen(w.random.IntN(40), messages)
		if w.heard == messages {
			return
		}
		_ = w.last.ws.CloseNow()
		next := w.nodes[w.random.IntN(2)].follow(w.t, w.path)
		next.resume(w.last)
		w.last = next
	}
}

// listen hears some payloads.
func (w *wanderer) listen(payloads, messages int) {
	for range payloads {
		if w.heard == messages {
			return
		}
		before := w.last.seq
		h, err := w.last.tryNext()
		if websocket.CloseStatus(err) == websocket.StatusCode(protocol.CloseTimedOut) {
			return // an earlier Resume of ours came late, through the other node
		}
		if err != nil {
			w.t.Errorf("client of %s after %d messages: %v", w.path, w.heard, err)
			return
		}
		if h.Seq != before+1 {
			w.t.Errorf("client of %s: got %v after number %d, want the next", w.path, h, before)
			return
		}
		w.message(h)
	}
}

func (w *wanderer) message(h heard) {
	if h.T != protocol.MessageCreate.String() {
		return
	}
	var m struct {
		Content string `json:"content"`
	}
	err := json.Unmarshal(h.D, &m)
	if number, _, _ := strings.Cut(m.Content, " "); err != nil || number != fmt.Sprint(w.heard) {
		w.t.Errorf("client of %s: got message %s (%v), want %d", w.path, number, err, w.heard)
	}
	w.heard++
}

// A client that never reads loses its connection and keeps its session; a client beside it hears everything at once.
func TestSlowReaderHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	r := serve(t, func(c *Config) { c.ResumeWindow = time.Hour })
	bareClient(t, r, "/?v=9", "t2") // reads READY, and nothing more; version 9 has all of a message
	quick := r.follow(t, "/")
	quick.login("t1", allIntents)
	long := protocol.NewMessageCreate(protocol.MessageObject{ID: 1, Guild: 7, Content: strings.Repeat("x", 256<<10)})
	const sent = 128 // 32 MiB: more than the queue and a kernel take
	for i := range sent {
		if told := r.DispatchGuild(t.Context(), long); told != 2 {
			t.Fatalf("sessions told: got %d, want 2", told)
		}
		quick.hear(fmt.Sprintf("MESSAGE_CREATE %d", i+2))
	}
	r.eventually(t, "only the quick one is left", func(s Stats) bool {
		return s.Sessions == 1 && s.Ready == 1 && s.Parked == 1 && s.Closes[protocol.CloseUnknown] == 1
	})
	third := r.follow(t, "/")
	third.hear("op 10")
	parked := r.directory.overdue(time.Now(), 0)
	third.say(fmt.Sprintf(`{"op":6,"d":{"token":"t2","session_id":%q,"seq":%d}}`, parked[0].id, sent+1))
	third.hear(fmt.Sprintf("RESUMED %d", sent+2))
}
