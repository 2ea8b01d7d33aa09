package gateway

import "maps"

// Stats is what a Server counts. Sessions and Ready are of this moment, the rest since New.
type Stats struct {
	// Sessions is how many sockets are open, Ready how many of them have got READY.
	Sessions int `json:"sessions"`
	Ready    int `json:"ready"`
	// Accepted and Refused count handshakes; refused are those above the limit and during a stop.
	Accepted uint64 `json:"accepted_total"`
	Refused  uint64 `json:"refused_total"`
	// Identified counts READYs, IdentifyFailed bad tokens and users that could not be loaded.
	Identified     uint64 `json:"identified_total"`
	IdentifyFailed uint64 `json:"identify_failed_total"`
	// Closes counts ended sessions by the code that ended them, whichever side sent it.
	Closes map[CloseCode]uint64 `json:"closes_total"`
}

// Stats returns the counters. The map belongs to the caller.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	copied := s.stats
	copied.Closes = maps.Clone(s.stats.Closes)
	return copied
}

func (s *Server) tally(o outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch o {
	case identified:
		s.stats.Identified++
		s.stats.Ready++
	case identifyFailed:
		s.stats.IdentifyFailed++
	}
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
func (s *Server) forget(c *conn, last closeSocket, wasReady bool) {
	s.mu.Lock()
	delete(s.conns, c)
	s.stats.Sessions--
	if wasReady {
		s.stats.Ready--
	}
	s.stats.Closes[s.bounded(last.code)]++
	s.mu.Unlock()
	s.cfg.Log.Debug().Uint16("code", uint16(last.code)).Str("reason", last.reason).Msg("session ended")
}

// maxCloseCodes bounds the rows of Stats.Closes: clients choose their codes freely from thousands.
const maxCloseCodes = 64

// bounded files codes beyond the limit under CloseAbnormal. It needs the lock.
func (s *Server) bounded(code CloseCode) CloseCode {
	if _, known := s.stats.Closes[code]; known || len(s.stats.Closes) < maxCloseCodes {
		return code
	}
	return CloseAbnormal
}
