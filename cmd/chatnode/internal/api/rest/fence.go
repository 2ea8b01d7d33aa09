package rest

import (
	"sync"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// fenced writes to a guild with the newest claim that is known here. When the store
// knows a newer one, it is asked once more with what is known then, and at last
// with none: a client's write is as good whoever owns the guild.
func fenced[R any](s *Server, guild uint64, write func(epoch uint64) (R, error)) (R, error) {
	var epoch uint64
	if guild != 0 {
		epoch = s.cfg.Epoch(guild)
	}
	for range 2 {
		reply, err := write(epoch)
		if epoch == 0 || wire.ReasonOf(err) != wire.Refusal_STALE_EPOCH {
			return reply, err
		}
		s.cfg.Stale(guild)
		if next := s.cfg.Epoch(guild); next != epoch {
			epoch = next
		} else {
			epoch = 0 // whoever knows it has not heard yet
		}
	}
	return write(0)
}

// fencedMessage is fenced for a channel, whose guild is known once it was written
// to here.
func (s *Server) fencedMessage(channel uint64, write func(epoch uint64) (*wire.MessageReply, error)) (*wire.MessageReply, error) {
	reply, err := fenced(s, s.guilds.of(channel), write)
	if err == nil {
		s.guilds.learn(channel, reply.GetMessage().GetGuildId())
	}
	return reply, err
}

// maxKnownChannels bounds what is remembered; beyond it some are forgotten.
const maxKnownChannels = 65_536

// guilds remembers in which guild channels are, which never changes.
type guilds struct {
	mu        sync.Mutex
	byChannel map[uint64]uint64
}

func newGuilds() *guilds { return &guilds{byChannel: make(map[uint64]uint64)} }

// of returns a channel's guild, or 0 when it is not known.
func (g *guilds) of(channel uint64) uint64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.byChannel[channel]
}

func (g *guilds) learn(channel, guild uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, known := g.byChannel[channel]; !known && len(g.byChannel) >= maxKnownChannels {
		for any := range g.byChannel {
			delete(g.byChannel, any)
			break
		}
	}
	g.byChannel[channel] = guild
}
