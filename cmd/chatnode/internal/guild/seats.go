package guild

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// seats are the actors of one kind, by guild. Looking one up waits for nobody.
type seats struct {
	node *Node
	kind string // the supervisor's name

	mu  sync.Mutex // of who adds and removes
	all sync.Map   // guild to *seat
}

// seat is one guild's actor. Its numbers are the actor's own, for others to read.
type seat struct {
	guild uint64
	pid   *actor.PID

	epoch atomic.Uint64 // an owner's
	busy  atomic.Bool   // an owner that somebody follows
	hides atomic.Bool   // a follower whose sessions see the guild unavailable
	began atomic.Bool   // a follower that has started before
}

func newSeats(n *Node, kind string) *seats { return &seats{node: n, kind: kind} }

func (s *seats) find(guild uint64) *seat {
	if one, there := s.all.Load(guild); there {
		return one.(*seat) //nolint:errcheck,forcetypeassert // nothing else is stored there
	}
	return nil
}

// of finds the seat of an actor, unless another one has it by now.
func (s *seats) of(guild uint64, self *actor.PID) *seat {
	if one := s.find(guild); one != nil && one.pid.Equal(self) {
		return one
	}
	return nil
}

// need finds a guild's actor, or starts one.
func (s *seats) need(guild uint64) (*seat, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one := s.find(guild); one != nil {
		return one, nil
	}
	// A name is used once: the last actor of this guild may still be on its way out.
	id := strconv.FormatUint(guild, 10) + "." + strconv.FormatUint(s.node.names.Add(1), 10)
	branch := s.node.tree.Branch(s.kind)
	one := &seat{guild: guild, pid: branch.PID(id)}
	s.all.Store(guild, one) // the actor looks for it when it starts
	ctx, cancel := context.WithTimeout(s.node.ctx, spawnWait)
	defer cancel()
	_, err := branch.Spawn(ctx, id)
	if err != nil && !errors.Is(err, context.DeadlineExceeded) { // then it starts later than we wait
		s.all.Delete(guild)
		return nil, fmt.Errorf("guild %d: %w", guild, err)
	}
	return one, nil
}

// leave takes an actor's seat away, unless it is needed after all.
func (s *seats) leave(guild uint64, self *actor.PID, needed func() bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if needed != nil && needed() {
		return false
	}
	if s.of(guild, self) != nil {
		s.all.Delete(guild)
	}
	return true
}

func (s *seats) each(do func(*seat)) {
	s.all.Range(func(_, one any) bool {
		do(one.(*seat)) //nolint:errcheck,forcetypeassert // nothing else is stored there
		return true
	})
}

func (s *seats) broadcast(m any) {
	s.each(func(one *seat) { s.node.system.Root.Send(one.pid, m) })
}

func (s *seats) count(which func(*seat) bool) (n int) {
	s.each(func(one *seat) {
		if which(one) {
			n++
		}
	})
	return n
}

// claims are what the owners here think of their guilds.
func (s *seats) claims() (out []*wire.Claim) {
	s.each(func(one *seat) {
		if epoch := one.epoch.Load(); epoch != 0 {
			out = append(out, &wire.Claim{GuildId: one.guild, Epoch: epoch})
		}
	})
	return out
}

func anyone(*seat) bool { return true }

func busy(one *seat) bool { return one.busy.Load() }

func hides(one *seat) bool { return one.hides.Load() }
