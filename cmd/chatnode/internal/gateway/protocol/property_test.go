package protocol

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// follower is a client that remembers what it has heard.
type follower struct {
	conn    string // empty while it has none
	session string
	seen    int64
	bodies  []string // by number, from 1
}

// Clients lose their connections, resume, are taken over and leave, while things happen. Whoever has resumed has heard
// everything that its session was told, once, in order, up to what it hears now.
func TestClientsMissNothing(t *testing.T) {
	t.Parallel()
	for round := range 30 {
		seed := rand.Uint64()
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			t.Parallel()
			missNothing(t, seed)
		})
	}
}

func missNothing(t *testing.T, seed uint64) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	w := newWorld()
	clients := make([]*follower, 4)
	byConn := map[string]*follower{}
	w.heard = func(conn string, d Delivery) {
		f := byConn[conn]
		if f == nil || f.conn != conn {
			return // a connection that the client has given up
		}
		if d.Seq != f.seen+1 {
			t.Fatalf("seed %d: client %s: got number %d after %d, want the next", seed, conn, d.Seq, f.seen)
		}
		f.seen = d.Seq
		f.bodies = append(f.bodies, string(d.Body.Text()))
	}
	told := map[string][]string{} // by session, what it was told since READY
	for i := range clients {
		clients[i] = &follower{session: fmt.Sprintf("n.%d", i)}
	}
	connects := 0
	for range 400 {
		w.now = w.now.Add(time.Duration(r.IntN(1000)) * time.Millisecond)
		f := clients[r.IntN(len(clients))]
		switch r.IntN(8) {
		case 0, 1: // the connection breaks; the server may learn of it later
			if f.conn != "" && r.IntN(2) == 0 {
				w.step(f.conn, SocketEnded{CloseAbnormal})
			}
			f.conn = ""
		case 2, 3: // it comes back
			if f.conn != "" {
				continue
			}
			connects++
			f.conn = fmt.Sprintf("c%d", connects)
			byConn[f.conn] = f
			w.step(f.conn, hello.ev)
			if f.seen > 0 {
				w.step(f.conn, text(fmt.Sprintf(`{"op":6,"d":{"token":"t1","session_id":%q,"seq":%d}}`, f.session, f.seen)))
				continue
			}
			w.step(f.conn, text(identifyFrame))
			w.step(f.conn, UserLoaded{User{ID: 5, Guilds: []uint64{7}}, f.session})
		default:
			body := Text(fmt.Sprintf("%d", r.Uint64()))
			for id := range w.sessions {
				told[id] = append(told[id], string(body))
			}
			w.dispatch(Dispatch{Kind: MessageCreate, Guild: 7, Full: body})
		}
	}
	for _, f := range clients {
		compare(t, seed, f, told[f.session])
	}
}

// compare looks for what a session was told in what its client has heard, past READY and each RESUMED.
func compare(t *testing.T, seed uint64, f *follower, told []string) {
	t.Helper()
	next := 0
	for _, body := range f.bodies {
		if body[0] == '"' { // READY and RESUMED are the only ones that are JSON
			continue
		}
		if next == len(told) || told[next] != body {
			t.Fatalf("seed %d: session %s: got %s as number %d, want what it was told", seed, f.session, body, next)
		}
		next++
	}
	if f.conn != "" && next != len(told) {
		t.Fatalf("seed %d: session %s: got %d of %d while connected, want all", seed, f.session, next, len(told))
	}
}
