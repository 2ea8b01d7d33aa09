package gateway

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gate"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
	"github.com/firebreak-go/firebreak/supervision/admission"
)

// maxReason bounds what a panicking loader may write into the log.
const maxReason = 256

var (
	errTooOften = errors.New("gateway: the token has identified too often")
	errPanicked = errors.New("gateway: loader panicked")
)

// openGate is the gate of a server that was given none: it bounds what is in flight.
func openGate(cfg Config) (*gate.Gate, error) {
	return gate.New(gate.Config{Admission: admission.Config{
		MaxInFlight: cfg.MaxLoads, Patience: cfg.LoadTimeout, MaxWaiting: cfg.MaxSessions,
	}})
}

// startLoad waits for the turn of an Identify and loads its user. It needs the lock.
func (c *conn) startLoad(ctx context.Context, ask protocol.LoadUser) {
	c.settle()
	ctx, cancel := context.WithCancel(ctx)
	c.stopLoad = cancel
	c.server.tasks.Go(func() {
		defer cancel()
		user, err := c.server.load(ctx, ask)
		if err != nil {
			c.server.cfg.Log.Debug().Err(err).Msg("user not loaded")
			c.handle(ctx, refusal(err))
			return
		}
		c.handle(ctx, protocol.UserLoaded{User: user, SessionID: newSessionID(c.server.cfg.Node)})
	})
}

// load waits its turn and asks the loader.
func (s *Server) load(ctx context.Context, ask protocol.LoadUser) (protocol.User, error) {
	if !s.mayIdentify(ask.Token) {
		return protocol.User{}, errTooOften
	}
	pass, err := s.gate.Enter(ctx, gate.Request{Lane: admission.Identify, Token: ask.Token, Shard: ask.Shard})
	if err != nil {
		return protocol.User{}, err
	}
	bounded, cancel := context.WithTimeout(ctx, s.cfg.LoadTimeout)
	defer cancel()
	user, err := s.askLoader(bounded, ask.Token)
	// A client that has left before its user came says nothing about who was to bring it.
	pass.End(err != nil && !errors.Is(err, ErrBadToken) && ctx.Err() == nil)
	return user, err
}

// askLoader turns a loader's panic into an error: it costs one login.
func (s *Server) askLoader(ctx context.Context, token string) (user protocol.User, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %.*s", errPanicked, maxReason, fmt.Sprint(p))
			s.cfg.Log.Error().Err(err).Msg("user not loaded")
		}
	}()
	return s.cfg.Loader.LoadUser(ctx, token)
}

// refusal is what an error of load is to the machine.
func refusal(err error) protocol.UserRefused {
	refused, busy := errors.AsType[*gate.Refused](err)
	switch {
	case busy:
		return protocol.UserRefused{Why: protocol.Busy, RetryAfter: refused.RetryAfter}
	case errors.Is(err, errTooOften):
		return protocol.UserRefused{Why: protocol.TooOften}
	case errors.Is(err, ErrBadToken):
		return protocol.UserRefused{Why: protocol.TokenUnknown}
	}
	return protocol.UserRefused{Why: protocol.Unavailable}
}

func (s *Server) mayIdentify(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.identifies.Allows(time.Now(), token)
}

// startResume waits for the turn of a Resume of one of this node's sessions. A session that is not there is no work, and
// is answered at once. It needs the lock.
func (c *conn) startResume(ctx context.Context, find protocol.FindSession) {
	c.settle()
	ctx, cancel := context.WithCancel(ctx)
	c.stopLoad = cancel
	attempt := c.server.attempts.Add(1)
	c.server.tasks.Go(func() {
		defer cancel()
		c.resume(ctx, find, attempt)
	})
}

func (c *conn) resume(ctx context.Context, find protocol.FindSession, attempt uint64) {
	if c.server.directory.byID(find.ID) != nil {
		pass, err := c.server.gate.Enter(ctx, gate.Request{Lane: admission.Resume})
		if err != nil {
			c.server.cfg.Log.Debug().Err(err).Msg("session not resumed")
			decided := protocol.ResumeDecided{Verdict: protocol.ResumeBusy}
			if refused, busy := errors.AsType[*gate.Refused](err); busy {
				decided.RetryAfter = refused.RetryAfter
			}
			c.handle(ctx, decided)
			return
		}
		defer pass.End(false)
	}
	if s := c.server.directory.byID(find.ID); s != nil {
		s.resume(ctx, c, find, attempt)
		return
	}
	c.handle(ctx, protocol.ResumeDecided{Verdict: protocol.ResumeUnknown})
}

// settle tells the gate, once, that this connection is no longer one of which nothing is known. It needs the lock.
func (c *conn) settle() {
	if !c.settled {
		c.settled = true
		c.server.gate.Settled()
	}
}
