package protocol

import (
	"fmt"
	"time"
)

func (c *Conn) finishLoad(now time.Time, ev UserLoaded, out []Action) []Action {
	if c.state != stateLoading { // an answer nobody asked for
		return out
	}
	s := newSession(ev.SessionID, c.version, &c.login, ev.User, !c.set.GuildsCome)
	if len(s.guilds) > MaxShardGuilds {
		return c.becomeClosed(append(out, Report{IdentifyFailed}), CloseShardingRequired, "too many guilds for one shard")
	}
	presence := c.login.presence
	out = c.becomeReady(append(out, Report{Identified}), s)
	out = append(out, OpenSession{s}, Deliver{Delivery{1, encodeReady(c.set, s, ev.User)}})
	if presence != nil {
		out = append(out, SetPresence{*presence})
	}
	return c.wait(now, out)
}

// refuseLoad ends the connection, but for a client that is only too fast: that one may identify again, later.
func (c *Conn) refuseLoad(now time.Time, ev UserRefused, out []Action) []Action {
	switch {
	case c.state != stateLoading:
		return out
	case ev.Why == Busy:
		return c.becomeClosed(append(out, Report{IdentifyRejected}), CloseUnknown, ev.Why.String()+later(ev.RetryAfter))
	}
	out = append(out, Report{IdentifyFailed})
	switch why := ev.Why; why {
	case TokenUnknown:
		return c.becomeClosed(out, CloseAuthenticationFailed, why.String())
	case TooOften:
		return c.becomeNew(now, append(out, Send{c.set.invalidSession}))
	case Unavailable, Busy:
	}
	return c.becomeClosed(out, CloseUnknown, ev.Why.String()+", try again")
}

// later is the end of a reason that says when to come back. Libraries do not read it; people do.
func later(after time.Duration) string {
	return fmt.Sprintf(", try again in %d s", int64((after+time.Second-1)/time.Second))
}

// finishResume lets the client identify on the same connection where its session is lost.
func (c *Conn) finishResume(now time.Time, ev ResumeDecided, out []Action) []Action {
	if c.state != stateResuming {
		return out
	}
	switch ev.Verdict {
	case ResumeAccepted:
		out = c.becomeReady(append(out, Report{ResumeDone}), ev.Session)
		for _, d := range ev.Replay {
			out = append(out, Deliver{d})
		}
		return c.wait(now, out)
	case ResumeAhead:
		return c.becomeClosed(append(out, Report{ResumeRefused}), CloseInvalidSeq, "sequence number was never sent")
	case ResumeBusy: // and not Invalid Session: the session is here, and waits
		return c.becomeClosed(append(out, Report{ResumeRefused}), CloseUnknown, ev.Verdict.String()+later(ev.RetryAfter))
	case ResumeUnknown, ResumeForgotten:
	}
	return c.becomeNew(now, append(out, Report{ResumeRefused}, Send{c.set.invalidSession}))
}

// finishSearch decides a Resume that arrived on the wrong node: the right one is asked while it lives, and without it the
// session is lost at once.
func (c *Conn) finishSearch(now time.Time, lives bool, out []Action) []Action {
	switch {
	case c.state != stateResuming:
		return out
	case !lives:
		return c.becomeNew(now, append(out, Report{ResumeRefused}, Send{c.set.invalidSession}))
	}
	frame := encodeResume(c.login.token, c.login.session, c.login.seq)
	proxy := Proxy{Node: NodeOf(c.login.session), Version: c.version, Stream: c.stream, Frame: frame}
	c.state = stateProxied
	c.login = identify{}
	c.becomeBy = time.Time{}
	return append(out, Report{ResumeProxied}, proxy)
}

// loseProxy ends the connection as the session's node has ended it. Without a word from there the client is told to try
// once more: the session may be there although its node could not be reached. Where nobody listens there is no session.
func (c *Conn) loseProxy(now time.Time, end ProxyEnded, out []Action) []Action {
	switch {
	case c.state != stateProxied:
		return out
	case end.Code >= CloseUnknown && end.Code <= CloseDisallowedIntents:
		return c.becomeClosed(out, end.Code, end.Code.String())
	}
	c.hear(now)
	if end.Gone {
		return c.becomeNew(now, append(out, Report{ResumeRefused}, Send{c.set.invalidSession}))
	}
	return c.becomeNew(now, append(out, Send{c.set.laterSession}))
}

func (c *Conn) checkTime(now time.Time, out []Action) []Action {
	switch {
	case c.state == stateProxied: // the other node counts
		return out
	case c.state == stateNew && reached(now, c.becomeBy):
		return c.becomeClosed(out, CloseTimedOut, "no identify in time")
	case c.state == stateLoading && reached(now, c.becomeBy):
		return c.becomeClosed(append(out, Report{IdentifyFailed}), CloseUnknown, "user was not loaded in time, try again")
	case c.state == stateResuming && reached(now, c.becomeBy):
		return c.becomeClosed(append(out, Report{ResumeRefused}), CloseUnknown, "session was not found in time, try again")
	case reached(now, c.beatBy):
		return c.becomeClosed(out, CloseUnknown, "no heartbeat in time")
	case !c.askAt.IsZero() && reached(now, c.askAt):
		c.askAt = time.Time{}
		out = append(out, Send{c.set.beat})
	}
	return c.wait(now, out)
}

func (c *Conn) becomeNew(now time.Time, out []Action) []Action {
	c.state = stateNew
	c.login = identify{}
	c.becomeBy = now.Add(c.set.IdentifyTimeout)
	return c.wait(now, out)
}

func (c *Conn) becomeReady(out []Action, s *Session) []Action {
	c.state = stateReady
	c.session, c.keep = true, true
	c.login = identify{}
	c.becomeBy = time.Time{}
	if s.zip && !c.stream {
		out = append(out, CompressMessages{})
	}
	return out
}

func (c *Conn) becomeClosed(out []Action, code CloseCode, reason string) []Action {
	if c.state == stateClosed {
		return out
	}
	c.state = stateClosed
	c.login = identify{}
	return append(out, CloseSocket{code, reason})
}

// becomeEnded keeps the session for a client that comes back, unless the client itself has said good-bye. A client that
// only answers our own close frame has not: libraries answer every one of them with 1000.
func (c *Conn) becomeEnded(code CloseCode) []Action {
	if c.state != stateClosed && (code == CloseNormal || code == CloseGoingAway) {
		c.keep = false
	}
	c.state = stateClosed
	if !c.session {
		return nil
	}
	c.session = false
	return []Action{LeaveSession{c.keep}}
}

func (c *Conn) wait(now time.Time, out []Action) []Action {
	next := c.beatBy
	if !c.askAt.IsZero() && c.askAt.Before(next) {
		next = c.askAt
	}
	if !c.becomeBy.IsZero() && c.becomeBy.Before(next) {
		next = c.becomeBy
	}
	return append(out, Wait{max(next.Sub(now), 0)})
}

func reached(now, deadline time.Time) bool { return !now.Before(deadline) }

func orDefault(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}
