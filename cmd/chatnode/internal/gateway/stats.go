package gateway

import (
	"maps"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
)

// Stats is what a Server counts. Sessions, Ready and Parked are of this moment, the rest since New.
type Stats struct {
	// Sessions is how many sockets are open, Ready how many of them have a session.
	Sessions int `json:"sessions"`
	Ready    int `json:"ready"`
	// Parked is how many sessions wait for a client whose connection broke.
	Parked int `json:"parked"`
	// Accepted and Refused count handshakes; refused are those above the limit, at the gate, and during a stop.
	Accepted uint64 `json:"accepted_total"`
	Refused  uint64 `json:"refused_total"`
	// Identified counts READYs, IdentifyFailed bad tokens, those that came too often and users that could not be loaded.
	Identified     uint64 `json:"identified_total"`
	IdentifyFailed uint64 `json:"identify_failed_total"`
	// IdentifyRejected counts the Identifies that were sent away because too many wanted to at once.
	IdentifyRejected uint64 `json:"identify_rejected_total"`
	// Goodput is how many sessions became ready a second, by READY or RESUMED, over the last five seconds.
	Goodput float64 `json:"goodput"`
	// Resumed counts RESUMEDs of this node, ResumeRefused Resumes that were answered by Invalid Session or a close, and
	// ResumeProxied those that were passed on to another node.
	Resumed       uint64 `json:"resumed_total"`
	ResumeRefused uint64 `json:"resume_refused_total"`
	ResumeProxied uint64 `json:"resume_proxied_total"`
	// Dispatched counts what sessions were told by the Dispatch methods, parked ones included.
	Dispatched uint64 `json:"dispatched_total"`
	// Closes counts ended connections by the code that ended them, whichever side sent it.
	Closes map[protocol.CloseCode]uint64 `json:"closes_total"`
}

// Stats returns the counters. The map belongs to the caller.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	copied := s.stats
	copied.Parked, copied.Dispatched = s.directory.parkedCount(), s.dispatched.Load()
	copied.Goodput = s.goodput.perSecond()
	copied.Closes = maps.Clone(s.stats.Closes)
	return copied
}

// tally counts an outcome, and answers whether it makes a connection ready.
func (s *Server) tally(o protocol.Outcome) (ready bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch o {
	case protocol.Identified:
		s.stats.Identified++
		ready = true
	case protocol.IdentifyFailed:
		s.stats.IdentifyFailed++
	case protocol.IdentifyRejected:
		s.stats.IdentifyRejected++
	case protocol.ResumeDone:
		s.stats.Resumed++
		ready = true
	case protocol.ResumeRefused:
		s.stats.ResumeRefused++
	case protocol.ResumeProxied:
		s.stats.ResumeProxied++
	}
	if ready {
		s.stats.Ready++
	}
	return ready
}

// admit reserves a place and a task for a session, or refuses.
func (s *Server) admit() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping || s.stats.Sessions >= s.cfg.MaxSessions {
		s.stats.Refused++
		return false
	}
	s.stats.Sessions++
	s.tasks.Add(1)
	return true
}

// turnAway is the end of a handshake that the gate refused.
func (s *Server) turnAway() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Sessions--
	s.stats.Refused++
}

// release gives back the place of a session that did not come about.
func (s *Server) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Sessions--
}

// register makes a session known to the stop. It answers false where the stop has already passed by.
func (s *Server) register(c *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Accepted++
	s.conns[c] = struct{}{}
	return !s.stopping
}

// forget is the end of a session's book-keeping: its socket is gone.
func (s *Server) forget(c *conn, last protocol.CloseSocket, wasReady bool) {
	s.mu.Lock()
	delete(s.conns, c)
	s.stats.Sessions--
	if wasReady {
		s.stats.Ready--
	}
	s.stats.Closes[s.bounded(last.Code)]++
	s.mu.Unlock()
	s.cfg.Log.Debug().Uint16("code", uint16(last.Code)).Str("reason", last.Reason).Msg("session ended")
}

// maxCloseCodes bounds the rows of Stats.Closes: clients choose their codes freely from thousands.
const maxCloseCodes = 64

// bounded files codes beyond the limit under CloseAbnormal. It needs the lock.
func (s *Server) bounded(code protocol.CloseCode) protocol.CloseCode {
	if _, known := s.stats.Closes[code]; known || len(s.stats.Closes) < maxCloseCodes {
		return code
	}
	return protocol.CloseAbnormal
}
