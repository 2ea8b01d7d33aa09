package protocol

import (
	"crypto/subtle"
	"slices"
	"strings"
)

// User is who has a token, as READY tells it.
type User struct {
	ID            uint64
	Username      string
	Discriminator string // empty means "0": the username is unique without it
	GlobalName    string // empty means none
	Avatar        string // empty means none
	Bot           bool
	Guilds        []uint64
}

// Dispatch is something that happened and that sessions are told, encoded once for all of them.
type Dispatch struct {
	Kind Kind
	// Guild is where it happened. Zero means nowhere: then neither shards nor guilds filter it.
	Guild uint64
	// Full is what a session gets that may see everything.
	Full Body
	// Reduced is what the others get: a message without its content, a guild without presences. Nil means Full.
	Reduced Body
	// Entitled get Full whatever their intents: a message's author, and whom it mentions.
	Entitled []uint64
	// Outage marks a GuildDelete after which the guild comes back.
	Outage bool
}

// Session is what a client's connections have in common: who it is, what it wants to hear, which number the last dispatch
// had, and the dispatches that it may ask for again. It is not safe for concurrent use.
type Session struct {
	id      string
	token   string
	user    uint64
	version int
	intents Intents
	shard   Shard
	large   int
	zip     bool     // payloads may be compressed one by one
	guilds  []uint64 // of this shard, sorted
	shown   []bool   // which of them are there; the others are unavailable
	open    bool     // guilds are told of whether they are there or not
	seq     int64    // of the last dispatch
	replay  replay
}

// SessionInfo describes a session to whoever supplies its guilds.
type SessionInfo struct {
	ID      string
	User    uint64
	Version int
	Intents Intents
	// Shard is which of the user's guilds the session is for.
	Shard Shard
	// LargeThreshold is the number of members above which a guild's offline members are left out.
	LargeThreshold int
	// Guilds are the user's guilds in this shard when the session began. Nobody writes to it.
	Guilds []uint64
}

func newSession(id string, version int, in *identify, user User, open bool) *Session {
	guilds := make([]uint64, 0, len(user.Guilds))
	for _, g := range user.Guilds {
		if in.shard.Owns(g) {
			guilds = append(guilds, g)
		}
	}
	slices.Sort(guilds)
	guilds = slices.Compact(guilds)
	return &Session{
		id: id, token: in.token, user: user.ID, version: version, intents: in.intents, shard: in.shard,
		large: in.large, zip: in.compress, guilds: guilds, shown: make([]bool, len(guilds)), open: open,
		seq: 1, replay: replay{first: 2}, // who has the id has got READY
	}
}

// Info describes the session.
func (s *Session) Info() SessionInfo {
	return SessionInfo{
		ID: s.id, User: s.user, Version: s.version, Intents: s.intents, Shard: s.shard,
		LargeThreshold: s.large, Guilds: slices.Clone(s.guilds),
	}
}

// ID returns the session's id, which begins with the name of its node.
func (s *Session) ID() string { return s.id }

// User returns the id of the session's user.
func (s *Session) User() uint64 { return s.user }

// Seq returns the number of the last dispatch.
func (s *Session) Seq() int64 { return s.seq }

// Intents returns what the session wants to hear. They never change.
func (s *Session) Intents() Intents { return s.intents }

// Follows says whether dispatches of the guild are for this session.
func (s *Session) Follows(guild uint64) bool {
	_, found := slices.BinarySearch(s.guilds, guild)
	return found
}

// Dispatch gives the session something that happened. It answers false where the session does not want it, or must not
// have it. A guild that is created joins the session's guilds, and one that is deleted leaves them, unless it is an outage.
// Where guilds come (see [Settings]), nothing is told of one that is unavailable before it is there again, and one that is
// there is not created once more: whoever supplies guilds may tell all sessions that a guild is there, or is not.
func (s *Session) Dispatch(d Dispatch) (Delivery, bool) {
	if d.Guild != 0 && !s.admits(d) || !s.intents.Has(d.Kind.wanted()) {
		return Delivery{}, false
	}
	return s.deliver(s.form(d)), true
}

// admits says whether a dispatch of a guild is for this session, and takes what it says of the guild.
func (s *Session) admits(d Dispatch) bool {
	at, follows := slices.BinarySearch(s.guilds, d.Guild)
	switch {
	case d.Kind == GuildCreate && !follows:
		if !s.shard.Owns(d.Guild) {
			return false
		}
		s.guilds, s.shown = slices.Insert(s.guilds, at, d.Guild), slices.Insert(s.shown, at, true)
	case !follows:
		return false
	case d.Kind == GuildDelete && !d.Outage:
		s.guilds, s.shown = slices.Delete(s.guilds, at, at+1), slices.Delete(s.shown, at, at+1)
	case d.Kind == GuildCreate:
		first := !s.shown[at]
		s.shown[at] = true
		return first || s.open
	case !s.shown[at]:
		return s.open
	case d.Kind == GuildDelete:
		s.shown[at] = false
	}
	return true
}

// form chooses what the session may see.
func (s *Session) form(d Dispatch) Body {
	if d.Reduced == nil || s.intents.Has(d.Kind.whole(s.version)) || slices.Contains(d.Entitled, s.user) {
		return d.Full
	}
	return d.Reduced
}

func (s *Session) deliver(b Body) Delivery {
	s.seq++
	s.replay.add(b)
	return Delivery{s.seq, b}
}

// Resume says whether a client that has the token and has seen everything up to a number may go on, and what it missed,
// with RESUMED at the end. Only an accepted Resume changes the session.
func (s *Session) Resume(set *Settings, token string, seq int64) (Verdict, []Delivery) {
	switch {
	case subtle.ConstantTimeCompare([]byte(s.token), []byte(bareToken(token))) != 1:
		return ResumeUnknown, nil
	case seq > s.seq:
		return ResumeAhead, nil
	}
	missed, whole := s.replay.since(seq)
	if !whole {
		return ResumeForgotten, nil
	}
	return ResumeAccepted, append(missed, s.deliver(set.resumed))
}

// NodeOf returns the node that a session's id names; empty when it names none.
func NodeOf(sessionID string) string {
	return sessionID[:max(strings.LastIndexByte(sessionID, '.'), 0)]
}

// Shard is a part of a user's guilds. The zero value is all of them.
type Shard struct{ Number, Count uint64 }

// Owns says whether a guild is in the shard.
func (s Shard) Owns(guild uint64) bool { return s.Count == 0 || (guild>>22)%s.Count == s.Number }
