package guild

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
)

const (
	// A user who joined a guild may be logging in at that moment, with a list of guilds from before: for joinKept it is
	// remembered, of maxJoins at most.
	joinKept = 10 * time.Second
	maxJoins = 4096
)

// roster is which sessions of this node have which guilds. Nothing is called under its lock.
type roster struct {
	mu       sync.Mutex
	sessions map[string]*session
	users    map[uint64]map[*session]struct{}
	guilds   map[uint64]map[*session]struct{}
	watchers map[uint64]int // sessions of a guild that want presences
	joins    []join
}

// session is one session of this node.
type session struct {
	id        string
	user      uint64
	presences bool
	shard     protocol.Shard
	guilds    map[uint64]struct{}
}

// join is that a user is in a guild since a time.
type join struct {
	user, guild uint64
	at          time.Time
}

func newRoster() *roster {
	return &roster{
		sessions: map[string]*session{}, users: map[uint64]map[*session]struct{}{},
		guilds: map[uint64]map[*session]struct{}{}, watchers: map[uint64]int{},
	}
}

// open adds a session, and returns the guilds that it has and those that its user has joined meanwhile.
func (r *roster) open(info protocol.SessionInfo, now time.Time) (late []uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &session{
		id: info.ID, user: info.User, presences: info.Intents.Has(protocol.IntentGuildPresences), shard: info.Shard,
		guilds: map[uint64]struct{}{},
	}
	r.sessions[s.id] = s
	put(r.users, s.user, s)
	for _, guild := range info.Guilds {
		r.add(s, guild)
	}
	for _, j := range r.joins {
		if _, has := s.guilds[j.guild]; !has && j.user == s.user && now.Sub(j.at) < joinKept && s.shard.Owns(j.guild) {
			r.add(s, j.guild)
			late = append(late, j.guild)
		}
	}
	return late
}

func put(in map[uint64]map[*session]struct{}, key uint64, s *session) {
	if in[key] == nil {
		in[key] = map[*session]struct{}{}
	}
	in[key][s] = struct{}{}
}

func take(in map[uint64]map[*session]struct{}, key uint64, s *session) {
	delete(in[key], s)
	if len(in[key]) == 0 {
		delete(in, key)
	}
}

// add needs the lock.
func (r *roster) add(s *session, guild uint64) {
	s.guilds[guild] = struct{}{}
	put(r.guilds, guild, s)
	if s.presences {
		r.watchers[guild]++
	}
}

// close removes a session, and returns its guilds and whether it was its user's last one here.
func (r *roster) close(id string) (guilds []uint64, last bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.sessions[id]
	if s == nil {
		return nil, false
	}
	delete(r.sessions, id)
	take(r.users, s.user, s)
	for guild := range s.guilds {
		take(r.guilds, guild, s)
		if s.presences {
			if r.watchers[guild]--; r.watchers[guild] == 0 {
				delete(r.watchers, guild)
			}
		}
		guilds = append(guilds, guild)
	}
	slices.Sort(guilds)
	return guilds, len(r.users[s.user]) == 0
}

// join notes that a user is in a guild from now on, and returns how many sessions follow it by that.
func (r *roster) join(user, guild uint64, now time.Time) (sessions int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.joins = slices.DeleteFunc(r.joins, func(j join) bool { return now.Sub(j.at) >= joinKept })
	if len(r.joins) < maxJoins {
		r.joins = append(r.joins, join{user, guild, now})
	}
	for s := range r.users[user] {
		if _, has := s.guilds[guild]; !has && s.shard.Owns(guild) {
			r.add(s, guild)
			sessions++
		}
	}
	return sessions
}

// sessionsOf returns the ids of a guild's sessions.
func (r *roster) sessionsOf(guild uint64) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]string, 0, len(r.guilds[guild]))
	for s := range r.guilds[guild] {
		out = append(out, s.id)
	}
	return out
}

// count is how many sessions a guild has.
func (r *roster) count(guild uint64) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.guilds[guild])
}

// guildsOf returns the guilds of a session.
func (r *roster) guildsOf(id string) []uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.sessions[id]; s != nil {
		return slices.Sorted(maps.Keys(s.guilds))
	}
	return nil
}

func (r *roster) wantsPresences(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.sessions[id]
	return s != nil && s.presences
}

func (r *roster) anyWantsPresences(guild uint64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.watchers[guild] > 0
}
