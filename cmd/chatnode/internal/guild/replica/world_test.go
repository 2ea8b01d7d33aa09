package replica

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

const guild = 7

// world is a store, some nodes, and a network that loses, delays and repeats what it is given.
type world struct {
	t      *testing.T
	random *rand.Rand
	now    time.Time
	mail   []letter
	loss   float64 // of what is sent
	silent bool    // the store answers nobody

	changes []*wire.Event // the log; gone messages are nil
	kept    int           // how many of the newest changes can be read
	epoch   uint64

	nodes map[string]*node
	place string
}

// letter is something that arrives at a time.
type letter struct {
	at   time.Time
	open func()
}

type node struct {
	world    *world
	name     string
	owner    *Owner
	follower *Follower
	told     []uint64 // revisions that the session was told since it sees the guild
	shown    bool
	hidden   int // how often the session saw the guild go
	removed  bool
}

func newWorld(t *testing.T, seed uint64) *world {
	t.Helper()
	w := &world{
		t: t, random: rand.New(rand.NewPCG(seed, 1)), now: time.Unix(1e9, 0), kept: 1000, nodes: map[string]*node{},
	}
	w.commit(protocol.GuildCreate, false)
	return w
}

func (w *world) cfg() Config { return Config{Random: w.random.Float64} }

func (w *world) commit(kind protocol.Kind, gone bool) *wire.Event {
	e := &wire.Event{Revision: uint64(len(w.changes) + 1), Kind: uint32(kind), GuildId: guild, Full: []byte("{}")}
	if kind == protocol.ChannelCreate {
		e.Channel = &wire.Channel{Id: e.GetRevision()}
	}
	if gone {
		w.changes = append(w.changes, nil)
	} else {
		w.changes = append(w.changes, e)
	}
	return e
}

func (w *world) head() uint64 { return uint64(len(w.changes)) }

func (w *world) post(delay time.Duration, open func()) {
	w.mail = append(w.mail, letter{w.now.Add(delay), open})
}

// add starts a node with one session.
func (w *world) add(name string) *node {
	n := &node{world: w, name: name}
	w.nodes[name] = n
	n.follower = NewFollower(guild, name, uint64(w.now.UnixNano()), w.cfg(), w.now)
	n.follow(n.follower.Opened("s", 1, w.now))
	n.follow(n.follower.Place(w.place, w.now))
	return n
}

// move says where the owner is to be.
func (w *world) move(to string) {
	w.place = to
	for _, n := range w.nodes {
		w.post(w.delay(), func() { n.follow(n.follower.Place(w.place, w.now)) })
	}
}

func (w *world) delay() time.Duration { return time.Duration(w.random.IntN(20)) * time.Millisecond }

// send carries a message to a node, perhaps.
func (w *world) send(from *node, to string, m proto.Message) {
	if w.random.Float64() < w.loss {
		return
	}
	w.post(w.delay(), func() {
		if n := w.nodes[to]; n != nil {
			n.receive(from, m)
		}
	})
}

// pass lets time go by.
func (w *world) pass(d time.Duration) {
	for end := w.now.Add(d); w.now.Before(end); {
		w.now = w.now.Add(5 * time.Millisecond)
		for i := 0; i < len(w.mail); i++ {
			if l := w.mail[i]; !l.at.After(w.now) {
				w.mail = append(w.mail[:i], w.mail[i+1:]...)
				l.open()
				i = -1
			}
		}
		for _, n := range w.nodes {
			if n.owner != nil {
				if due, waits := n.owner.Due(); waits && !due.After(w.now) {
					n.own(n.owner.Tick(w.now))
					if n.owner != nil {
						w.wantRest(n.name+"'s owner", n.owner.Due)
					}
				}
			}
			if due, waits := n.follower.Due(); waits && !due.After(w.now) {
				n.follow(n.follower.Tick(w.now))
				w.wantRest(n.name+"'s follower", n.follower.Due)
			}
		}
	}
}

// wantRest holds that what was due is done: a machine that is due again at once would keep its actor spinning.
func (w *world) wantRest(who string, next func() (time.Time, bool)) {
	w.t.Helper()
	if due, waits := next(); waits && !due.After(w.now) {
		w.t.Fatalf("%s: due %v after its tick, want later", who, due.Sub(w.now))
	}
}

// audit compares every owner with the store.
func (w *world) audit() {
	for _, n := range w.nodes {
		if owner := n.owner; owner != nil && owner.Epoch() != 0 {
			n.own(owner.Checked(w.head(), owner.Epoch() != w.epoch, w.now))
		}
	}
}

// kill ends a node without a word.
func (w *world) kill(name string) {
	delete(w.nodes, name)
	for _, other := range w.nodes {
		if other.owner != nil {
			other.own(other.owner.Lost(name, w.now))
		}
		other.follow(other.follower.Lost(name, w.now))
	}
}

// wantAll holds that every session sees the guild and has been told everything.
func (w *world) wantAll(what string) {
	w.t.Helper()
	for name, n := range w.nodes {
		if !n.shown || n.follower.Revision() != w.head() {
			w.t.Errorf("%s: %s is at %d (shown %t), want %d", what, name, n.follower.Revision(), n.shown, w.head())
			w.t.Logf("place %s, follower asks %v, served by %v", n.follower.place, n.follower.asked, n.follower.serving)
			for other, m := range w.nodes {
				if o := m.owner; o != nil {
					w.t.Logf("owner %s: phase %d, epoch %d, revision %d, head %d, calling %t, followers %+v", other, o.phase, o.epoch, o.log.revision, o.head, o.calling, o.followers[name])
				}
			}
		}
	}
}

func (w *world) tell(to string, e *wire.Event) {
	if n := w.nodes[to]; n != nil && n.owner != nil {
		n.own(n.owner.Tell(e, w.now))
	}
}

func names(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("n%d", i)
	}
	return out
}
