package gateway

import (
	"container/list"
	"context"
	"sync"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
)

// seat holds a session and the connection that it has at the moment. Its lock comes before a conn's and the directory's:
// what a session is told is numbered and queued in one turn, and it waits for a client exactly while it has none.
type seat struct {
	id        string // the session's
	user      uint64
	directory *directory

	mu      sync.Mutex // owns everything below
	session *protocol.Session
	conn    *conn  // nil while the session waits for its client
	attempt uint64 // the newest Resume that got the session
	told    bool   // Guilds.Opened has returned
	over    bool

	parked *list.Element // owned by the directory
}

// dispatch tells the session, and its client if there is one. It answers whether the session was told.
func (s *seat) dispatch(ctx context.Context, d protocol.Dispatch) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return false
	}
	followed := s.session.Follows(d.Guild)
	delivery, told := s.session.Dispatch(d)
	if follows := s.session.Follows(d.Guild); follows != followed {
		s.directory.moved(s, d.Guild, follows)
	}
	if told && s.conn != nil {
		s.conn.deliver(ctx, delivery)
	}
	return told
}

// answer delivers what answers a request of the session's own.
func (s *seat) answer(ctx context.Context, bodies []protocol.Body) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return
	}
	for _, delivery := range s.session.Answer(bodies) {
		if s.conn != nil {
			s.conn.deliver(ctx, delivery)
		}
	}
}

// hears returns what the session wants to hear, and whether it follows a guild.
func (s *seat) hears(guild uint64) (intents protocol.Intents, follows bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.session.Intents(), s.session.Follows(guild)
}

// resume gives the session to a connection that asks for it, and takes it from the one that has it. A Resume that waited
// for its turn while a newer one got the session comes too late: its client has gone on.
func (s *seat) resume(ctx context.Context, c *conn, find protocol.FindSession, attempt uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		c.handle(ctx, protocol.ResumeDecided{Verdict: protocol.ResumeUnknown})
		return
	}
	if attempt < s.attempt {
		c.handle(ctx, protocol.Replaced{})
		return
	}
	verdict, missed := s.session.Resume(c.server.set, find.Token, find.Seq)
	if verdict == protocol.ResumeAccepted && s.conn != nil {
		s.conn.handle(ctx, protocol.Replaced{})
		s.become(nil)
	}
	if c.accept(ctx, s, protocol.ResumeDecided{Verdict: verdict, Session: s.session, Replay: missed}) {
		s.attempt = attempt
		s.become(c)
	}
}

// leave takes the session from a connection that has ended.
func (s *seat) leave(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn == c {
		s.become(nil)
	}
}

// become changes the connection. It needs the lock.
func (s *seat) become(c *conn) {
	s.conn = c
	if c == nil {
		s.directory.park(s, time.Now())
	} else {
		s.directory.unpark(s)
	}
}

// end makes the session over, unless it has a connection or is over already: then it answers false. It says whether the
// guilds know of the session, and describes it.
func (s *seat) end() (info protocol.SessionInfo, told, ended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over || s.conn != nil {
		return protocol.SessionInfo{}, false, false
	}
	s.over = true
	info = s.session.Info()
	s.directory.remove(s, info.Guilds)
	return info, s.told, true
}

// opened says that the guilds know of the session, and answers whether it is over meanwhile.
func (s *seat) opened() (over bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = true
	return s.over
}

func (s *seat) info() protocol.SessionInfo {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.session.Info()
}
