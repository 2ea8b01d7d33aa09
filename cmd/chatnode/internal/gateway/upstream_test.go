package gateway

import (
	"net"
	"testing"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
)

// peers are the other nodes of a test.
type peers map[string]string

// Gateway is part of Peers.
func (p peers) Gateway(node string) (string, bool) {
	url, lives := p[node]
	return url, lives
}

// A client that comes back to the wrong node goes on through it, until either node leaves.
func TestResumeThroughAnotherNode(t *testing.T) {
	t.Parallel()
	rows := []struct{ name, path, identify string }{
		{"text", "/?v=9", ""},
		{"compressed messages", "/?v=10", `,"compress":true`},
		{"compressed stream", "/?v=10&compress=zlib-stream", ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			home := serve(t, nil)
			others := peers{"node-1": home.url, "node-3": "ws://127.0.0.1:1"}
			away := serve(t, func(c *Config) { c.Node, c.Peers = "node-2", others })
			f := home.follow(t, row.path)
			f.login("t1", allIntents+row.identify)
			_ = f.ws.CloseNow()
			home.eventually(t, "the session waits", func(s Stats) bool { return s.Parked == 1 })
			home.DispatchGuild(t.Context(), say("one"))

			second := away.follow(t, row.path)
			second.resume(f)
			second.hear("MESSAGE_CREATE 2", "RESUMED 3")
			second.say(`{"op":1,"d":3}`)
			second.hear("op 11")
			home.DispatchGuild(t.Context(), say("two"))
			second.hear("MESSAGE_CREATE 4")
			second.say(`{"op":99}`) // the session's node ends it
			second.closesWith(protocol.CloseUnknownOpcode)
			away.eventually(t, "the connection is gone", func(s Stats) bool { return s.Sessions == 0 && s.ResumeProxied == 1 })
			home.eventually(t, "the session waits again", func(s Stats) bool { return s.Sessions == 0 && s.Parked == 1 })

			third := away.follow(t, row.path)
			third.resume(second)
			third.hear("RESUMED 5")
			home.stop()
			if d := third.hear("op 9").D; string(d) != "true" { // and the stream goes on
				t.Errorf("invalid session: got %s, want true", d)
			}
			third.say(identifyFrame)
			third.hear("READY 1")
		})
	}
}

func TestClientOfAnotherNodeLeaves(t *testing.T) {
	t.Parallel()
	home := serve(t, nil)
	away := serve(t, func(c *Config) { c.Node, c.Peers = "node-2", peers{"node-1": home.url} })
	f := home.follow(t, "/")
	f.login("t1", allIntents)
	_ = f.ws.CloseNow()
	home.eventually(t, "the session waits", func(s Stats) bool { return s.Parked == 1 })

	second := away.follow(t, "/")
	second.resume(f)
	second.hear("RESUMED 2")
	_ = second.ws.CloseNow() // without a word: the session waits
	home.eventually(t, "the session waits again", func(s Stats) bool { return s.Sessions == 0 && s.Parked == 1 })

	leaving := serve(t, func(c *Config) { c.Node, c.Peers = "node-3", peers{"node-1": home.url} })
	moved := leaving.follow(t, "/")
	moved.resume(second)
	moved.hear("RESUMED 3")
	leaving.stop() // it is the node that leaves, and the client that answers
	moved.closesWith(protocol.CloseGoingAway)
	home.eventually(t, "the session waits once more", func(s Stats) bool { return s.Sessions == 0 && s.Parked == 1 })

	third := away.follow(t, "/")
	third.resume(moved)
	third.hear("RESUMED 4")
	_ = third.ws.Close(1000, "bye") // with a word: it is over
	home.eventually(t, "no session", func(s Stats) bool { return s.Sessions == 0 && s.Parked == 0 && s.Closes[protocol.CloseNormal] == 1 })
}

// A node that is gone, or where nobody listens, has lost its sessions; one that listens and does not answer may still have
// them.
func TestNodesThatDoNotAnswer(t *testing.T) {
	t.Parallel()
	silent, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			c, err := silent.Accept()
			if err != nil {
				return
			}
			_ = c.Close() // without an answer
		}
	}()
	t.Cleanup(func() { _ = silent.Close(); <-ended })
	away := serve(t, func(c *Config) {
		c.Peers = peers{"node-3": "ws://127.0.0.1:1", "node-4": "ws://" + silent.Addr().String()}
	})
	rows := []struct{ session, want string }{{"node-2.1", "false"}, {"node-3.1", "false"}, {"node-4.1", "true"}, {"1", "false"}, {"", "false"}}
	f := away.follow(t, "/")
	f.hear("op 10")
	for _, row := range rows {
		f.say(`{"op":6,"d":{"token":"t1","session_id":"` + row.session + `","seq":4}}`)
		if d := f.hear("op 9").D; string(d) != row.want {
			t.Errorf("invalid session for %q: got %s, want %s", row.session, d, row.want)
		}
	}
}
