package gateway

import (
	"context"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/frame"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
)

// The Dispatch methods tell sessions of this node what has happened; each answers how many were told, also of those that
// wait for their clients. They never wait for a client. What one goroutine dispatches arrives in its order.

// DispatchGuild tells every session that follows the guild of the dispatch.
func (s *Server) DispatchGuild(ctx context.Context, d protocol.Dispatch) int {
	return s.dispatch(ctx, s.directory.byGuild(d.Guild), d)
}

// DispatchUser tells every session of a user. A GuildCreate makes them follow the guild.
func (s *Server) DispatchUser(ctx context.Context, user uint64, d protocol.Dispatch) int {
	return s.dispatch(ctx, s.directory.byUser(user), d)
}

// DispatchSession tells one session, if it is here.
func (s *Server) DispatchSession(ctx context.Context, id string, d protocol.Dispatch) int {
	found := s.directory.byID(id)
	if found == nil {
		return 0
	}
	return s.dispatch(ctx, []*seat{found}, d)
}

func (s *Server) dispatch(ctx context.Context, seats []*seat, d protocol.Dispatch) int {
	if len(seats) > 1 {
		d.Full, d.Reduced = shared(d.Full), shared(d.Reduced)
	}
	told := 0
	for _, one := range seats {
		if one.dispatch(ctx, d) {
			told++
		}
	}
	s.dispatched.Add(uint64(told))
	return told
}

// shared makes a body that is compressed once, however many get it. A caller that dispatches the same thing to several
// audiences may do so itself.
func shared(b protocol.Body) protocol.Body {
	if t, ok := b.(protocol.Text); ok {
		return frame.New(t)
	}
	return b
}

// AskToReconnect asks every client to go on elsewhere, spread evenly over a time, and returns when all are asked or ctx
// ends. Clients that do so resume their sessions while this node lives.
func (s *Server) AskToReconnect(ctx context.Context, splay time.Duration) {
	open := s.connections()
	timer := time.NewTimer(0)
	defer timer.Stop()
	start := time.Now()
	for i, c := range open {
		timer.Reset(time.Until(start.Add(splay * time.Duration(i) / time.Duration(len(open)))))
		select {
		case <-timer.C:
			c.handle(ctx, protocol.ReconnectWanted{})
		case <-ctx.Done():
			return
		}
	}
}

func (s *Server) connections() []*conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	open := make([]*conn, 0, len(s.conns))
	for c := range s.conns {
		open = append(open, c)
	}
	return open
}
