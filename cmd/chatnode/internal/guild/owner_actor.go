package guild

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/api"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/guild/replica"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// ownerActor is a guild that this node owns. It is never restarted: who follows it asks again, and finds a new one.
type ownerActor struct {
	node    *Node
	guild   uint64
	machine *replica.Owner
	clock   clock
}

// Receive is part of [actor.Actor].
func (a *ownerActor) Receive(ctx actor.Context) {
	defer a.vacate(ctx.Self())
	now := time.Now()
	switch m := ctx.Message().(type) {
	case *actor.Started:
		a.guild = guildOf(ctx.Self())
		machine, steps := replica.NewOwner(a.guild, a.node.machine(), now)
		a.machine = machine
		a.do(ctx, steps)
	case *actor.Stopping, *actor.Stopped, *actor.Restarting:
		a.clock.stop()
		a.leave(ctx.Self())
	case *wire.Follow:
		a.do(ctx, a.machine.Follow(m, now))
	case *wire.Unfollow:
		a.do(ctx, a.machine.Unfollow(m, now))
	case *wire.Seen:
		a.do(ctx, a.machine.Seen(m, now))
	case *wire.Presence:
		a.do(ctx, a.machine.Present(m, now))
	case *wire.Event:
		a.do(ctx, a.machine.Tell(m, now))
	case claimed:
		if m.err != nil {
			a.node.cfg.Log.Debug().Err(m.err).Msg("guild not claimed")
			a.do(ctx, a.machine.ClaimFailed(errors.Is(m.err, api.ErrNotFound), now))
		} else {
			a.do(ctx, a.machine.Claimed(m.guild, now))
		}
	case read:
		if m.err != nil {
			a.node.cfg.Log.Debug().Err(m.err).Msg("changes not read")
			a.do(ctx, a.machine.ReadFailed(now))
		} else {
			a.do(ctx, a.machine.ChangesRead(m.changes, now))
		}
	case checked:
		a.do(ctx, a.machine.Checked(m.head.GetRevision(), m.head.GetStale(), now))
	case lost:
		a.do(ctx, a.machine.Lost(m.node, now))
	case release:
		a.do(ctx, a.machine.Release())
	case tick:
		if a.clock.came(m) {
			a.do(ctx, a.machine.Tick(now))
		}
	}
}

// vacate makes room for a successor when the actor fails.
func (a *ownerActor) vacate(self *actor.PID) {
	if p := recover(); p != nil {
		a.clock.stop()
		a.leave(self)
		panic(p)
	}
}

func (a *ownerActor) leave(self *actor.PID) { a.node.owned.leave(a.guild, self, nil) }

// do carries out the machine's steps.
func (a *ownerActor) do(ctx actor.Context, steps []replica.Step) {
	self := ctx.Self()
	for _, s := range steps {
		switch s := s.(type) {
		case replica.Claim:
			a.node.stats.claims.Add(1)
			a.node.call(self, func(bounded context.Context) any {
				guild, err := a.node.cfg.Store.ClaimGuild(bounded, a.guild)
				return claimed{guild, err}
			})
		case replica.Read:
			a.node.stats.reads.Add(1)
			a.node.call(self, func(bounded context.Context) any {
				changes, err := a.node.cfg.Store.ReadChanges(bounded, a.guild, s.After, replica.ReadLimit)
				return read{changes, err}
			})
		case replica.Send:
			a.node.send(s.Node, s.Message)
		case replica.Stop:
			a.leave(self)
			actors.End(ctx, nil)
		case replica.Tell, replica.Show, replica.Greet, replica.Welcome, replica.Hide, replica.Remove: // a follower's
		}
	}
	if one := a.node.owned.of(a.guild, self); one != nil {
		one.epoch.Store(a.machine.Epoch())
		one.busy.Store(a.machine.Followers() > 0)
	}
	due, waits := a.machine.Due()
	a.clock.set(a.node.system, self, due, waits)
}

// guildOf reads the guild out of its actor's name, which ends with the guild, a dot and a number.
func guildOf(self *actor.PID) uint64 {
	name := self.GetId()[strings.LastIndexByte(self.GetId(), '/')+1:]
	number, _, _ := strings.Cut(name, ".")
	guild, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		panic("guild: an actor called " + name) // names are made in seats.need alone
	}
	return guild
}
