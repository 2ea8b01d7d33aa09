package gateway

import (
	"context"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
)

// membersTimeout is how long a request for members may wait for its guild.
const membersTimeout = 10 * time.Second

// open makes a new session known, so that dispatches reach it from here on. It needs the conn's lock; nobody else has the
// seat's yet. What it returns tells the guilds.
func (c *conn) open(session *protocol.Session) (later func()) {
	info := session.Info()
	s := &seat{id: session.ID(), user: session.User(), directory: c.server.directory, session: session, conn: c}
	c.seat = s
	c.server.directory.add(s, info.Guilds)
	return func() {
		guilds := c.server.cfg.Guilds
		if guilds == nil {
			return
		}
		guilds.Opened(info)
		if s.opened() {
			guilds.Closed(info)
		}
	}
}

// findOwner looks for the node of a session that is not of this one. It does not wait for a turn: that is the other
// node's to say.
func (c *conn) findOwner(ctx context.Context, find protocol.FindSession) {
	c.mu.Lock()
	c.settle()
	c.mu.Unlock()
	_, lives := c.server.peer(find.Node)
	c.handle(ctx, protocol.OwnerFound{Lives: lives})
}

// fetchMembers answers a request for members. A guild that cannot be read is answered, too: as not found.
func (c *conn) fetchMembers(ctx context.Context, s *seat, req protocol.MembersRequest) {
	c.server.tasks.Go(func() {
		var all []protocol.Member
		intents, follows := s.hears(req.Guild)
		if guilds := c.server.cfg.Guilds; guilds != nil && follows {
			bounded, cancel := context.WithTimeout(ctx, membersTimeout)
			members, err := guilds.Members(bounded, req.Guild)
			cancel()
			if err != nil {
				c.server.cfg.Log.Debug().Err(err).Uint64("guild", req.Guild).Msg("members not read")
				members = nil
			}
			all = members
		}
		s.answer(ctx, protocol.MemberChunks(intents, req, all))
		c.handle(ctx, protocol.MembersAnswered{})
	})
}

func (c *conn) tellPresence(s *seat, presence protocol.Presence) (later func()) {
	return func() {
		if guilds := c.server.cfg.Guilds; guilds != nil {
			guilds.Presence(s.info(), presence)
		}
	}
}

// leave is the end of a connection that had a session: it waits for its client, or it is over.
func (s *Server) leave(c *conn, left *seat, keep bool) {
	left.leave(c)
	if !keep {
		s.end(left)
	}
}

// end makes a session over that has no connection.
func (s *Server) end(left *seat) {
	info, told, ended := left.end()
	if ended && told && s.cfg.Guilds != nil {
		s.cfg.Guilds.Closed(info)
	}
}

// sweep ends the sessions whose clients have not come back.
func (s *Server) sweep(now time.Time) {
	for _, left := range s.directory.overdue(now.Add(-s.cfg.ResumeWindow), s.cfg.MaxParked) {
		s.end(left)
	}
}

func (s *Server) peer(node string) (url string, lives bool) {
	if s.cfg.Peers == nil || node == "" {
		return "", false
	}
	return s.cfg.Peers.Gateway(node)
}
