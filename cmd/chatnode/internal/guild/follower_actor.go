package guild

import (
	"maps"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/event"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/guild/replica"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// followerActor is a guild that sessions here have.
type followerActor struct {
	node    *Node
	guild   uint64
	machine *replica.Follower
	clock   clock
	// ours are how our own users want to be seen, told to each owner anew.
	ours   map[uint64]*wire.Presence
	toldTo uint64 // the term whose owner knows them
	card   *card  // how sessions see the guild; nil when it has to be written anew
}

// Receive is part of [actor.Actor].
func (a *followerActor) Receive(ctx actor.Context) {
	now := time.Now()
	switch m := ctx.Message().(type) {
	case *actor.Started:
		a.start(ctx, now)
	case *actor.Stopping, *actor.Stopped, *actor.Restarting:
		a.clock.stop()
	case *wire.GuildState:
		a.card = nil
		a.do(ctx, a.machine.Whole(m, now))
	case *wire.Changes:
		a.do(ctx, a.machine.Changed(m, now))
	case *wire.Heard:
		a.do(ctx, a.machine.Heard(m, now))
	case *wire.Gone:
		a.do(ctx, a.machine.Gone(m, now))
	case lost:
		a.do(ctx, a.machine.Lost(m.node, now))
	case moved:
		a.do(ctx, a.machine.Place(a.node.cfg.Places.Owner(a.guild), now))
	case opened:
		a.do(ctx, a.machine.Opened(m.session, a.count(), now))
	case joined:
		a.do(ctx, a.machine.Joined(m.user, a.count(), now))
	case closed:
		a.do(ctx, a.machine.Closed(a.count(), now))
	case present:
		a.present(m.presence)
	case describe:
		state, online, known := a.machine.State()
		m.answer <- description{state, copied(online), known} // it has room
	case tick:
		if a.clock.came(m) {
			a.do(ctx, a.machine.Tick(now))
		}
	}
}

// start begins, or begins again after a failure: then what the sessions were told may have a hole, and they see the guild
// go and come.
func (a *followerActor) start(ctx actor.Context, now time.Time) {
	a.guild = guildOf(ctx.Self())
	a.ours = map[uint64]*wire.Presence{}
	a.machine = replica.NewFollower(a.guild, a.node.cfg.Node, uint64(now.UnixNano()), a.node.machine(), now)
	a.toldTo, a.card = 0, nil
	if one := a.node.following.of(a.guild, ctx.Self()); one != nil && one.began.Swap(true) {
		a.node.sessions.DispatchGuild(a.node.ctx, protocol.NewGuildDelete(a.guild, true))
		for _, session := range a.node.roster.sessionsOf(a.guild) {
			a.do(ctx, a.machine.Opened(session, a.count(), now))
		}
	}
	a.do(ctx, a.machine.Place(a.node.cfg.Places.Owner(a.guild), now))
}

// count is how many sessions have the guild.
func (a *followerActor) count() int { return a.node.roster.count(a.guild) }

func copied(online map[uint64]*wire.Presence) map[uint64]*wire.Presence {
	out := make(map[uint64]*wire.Presence, len(online))
	maps.Copy(out, online)
	return out
}

// present tells the owner how a user of ours wants to be seen.
func (a *followerActor) present(p *wire.Presence) {
	if p.GetStatus() == statusOffline {
		delete(a.ours, p.GetUserId())
	} else {
		a.ours[p.GetUserId()] = p
	}
	if owner, term := a.machine.Serving(); owner != "" && term == a.toldTo {
		a.node.send(owner, p)
	}
}

// presentAll tells an owner that is new to us how our users want to be seen.
func (a *followerActor) presentAll() {
	owner, term := a.machine.Serving()
	if owner == "" || term == a.toldTo {
		return
	}
	a.toldTo = term
	for _, p := range a.ours {
		a.node.send(owner, p)
	}
}

// do carries out the machine's steps.
func (a *followerActor) do(ctx actor.Context, steps []replica.Step) {
	n := a.node
	for _, s := range steps {
		switch s := s.(type) {
		case replica.Send:
			n.send(s.Node, s.Message)
		case replica.Tell:
			a.tell(s.Event)
		case replica.Show:
			n.sessions.DispatchGuild(n.ctx, a.created().of(true))
		case replica.Greet:
			n.sessions.DispatchSession(n.ctx, s.Session, a.created().of(n.roster.wantsPresences(s.Session)))
		case replica.Welcome:
			n.sessions.DispatchUser(n.ctx, s.User, a.created().of(true))
		case replica.Hide:
			n.stats.hidden.Add(1)
			n.sessions.DispatchGuild(n.ctx, protocol.NewGuildDelete(a.guild, true))
		case replica.Remove:
			n.sessions.DispatchGuild(n.ctx, protocol.NewGuildDelete(a.guild, false))
		case replica.Stop:
			a.stop(ctx)
			return
		case replica.Claim, replica.Read: // an owner's
		}
	}
	a.presentAll()
	if one := n.following.of(a.guild, ctx.Self()); one != nil {
		one.hides.Store(!a.machine.Shown())
	}
	due, waits := a.machine.Due()
	a.clock.set(n.system, ctx.Self(), due, waits)
}

// tell passes an event on to the sessions.
func (a *followerActor) tell(e *wire.Event) {
	switch protocol.Kind(e.GetKind()) {
	case protocol.ChannelCreate, protocol.GuildMemberAdd:
		a.card = nil
	case protocol.PresenceUpdate:
		a.card = a.card.withoutPresences()
		if !a.node.roster.anyWantsPresences(a.guild) {
			return
		}
	case protocol.Ready, protocol.Resumed, protocol.GuildCreate, protocol.GuildDelete, protocol.GuildMembersChunk,
		protocol.MessageCreate, protocol.MessageUpdate, protocol.MessageDelete, protocol.TypingStart:
	}
	a.node.stats.told.Add(1)
	a.node.sessions.DispatchGuild(a.node.ctx, event.Dispatch(e))
}

// stop ends the actor, or begins anew if a session has come meanwhile.
func (a *followerActor) stop(ctx actor.Context) {
	a.clock.stop()
	needed := func() bool { return !a.machine.Removed() && a.count() > 0 }
	if a.node.following.leave(a.guild, ctx.Self(), needed) {
		actors.End(ctx, nil)
	} else {
		a.start(ctx, time.Now())
	}
}

// created is how sessions see the guild.
func (a *followerActor) created() *card {
	if a.card == nil {
		state, online, _ := a.machine.State()
		a.card = newCard(state, online)
	}
	if a.card.presences == nil {
		_, online, _ := a.machine.State()
		a.card.presences = online
	}
	return a.card
}
