package guild

import (
	"context"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
	"github.com/firebreak-go/firebreak/supervision"
	"github.com/firebreak-go/firebreak/supervision/backoff"
)

const (
	// auditEvery is how often the owned guilds are compared with the store.
	auditEvery = 2 * time.Second
	// ringLook is how often it is seen whether the ring has changed, which costs a load.
	ringLook = 50 * time.Millisecond
)

// supervision is the tree. Nothing in it escalates: a child that spent its budget is parked, and probed.
func (n *Node) supervision() actors.SupervisorConfig {
	isolated := supervision.Spec{
		Strategy: supervision.OneForOne, Intensity: supervision.Intensity{Restarts: 5, Period: 30 * time.Second},
		Exhaustion: supervision.Park, Ceiling: true, Probe: backoff.Policy{Base: 5 * time.Second, Cap: time.Minute},
	}
	many := isolated
	many.Strategy, many.Intensity.Restarts = supervision.Dynamic, supervision.Unlimited
	pause := backoff.Policy{Base: 100 * time.Millisecond, Cap: 10 * time.Second}
	dynamic := func(id string, restart supervision.Restart, made func() actor.Actor) actors.Child {
		props := actor.PropsFromProducer(made)
		return actors.Child{
			ChildSpec: supervision.ChildSpec{ID: id},
			Supervisor: &actors.SupervisorSpec{Spec: many, Template: func(string) actors.Child {
				return actors.Child{ChildSpec: supervision.ChildSpec{Restart: restart, Backoff: pause}, Props: props}
			}},
		}
	}
	function := func(id string, run func(context.Context) error) actors.Child {
		return actors.Child{ChildSpec: supervision.ChildSpec{ID: id, Backoff: pause}, Run: run}
	}
	return actors.SupervisorConfig{
		Name: treeName, System: n.system, Seed: n.cfg.Seed, Observe: n.observe,
		SupervisorSpec: actors.SupervisorSpec{Spec: isolated, Children: []actors.Child{
			dynamic("owners", supervision.Temporary, func() actor.Actor { return &ownerActor{node: n} }),
			dynamic("followers", supervision.Transient, func() actor.Actor { return &followerActor{node: n} }),
			{
				ChildSpec: supervision.ChildSpec{ID: "reception", Backoff: pause},
				Props:     actor.PropsFromFunc(n.receive),
			},
			function("auditor", n.audit),
			function("ringwatch", n.watchRing),
		}},
	}
}

// observe logs what does not happen in good health.
func (n *Node) observe(e actors.Event) {
	if e.Kind == actors.EventChildRestarting || e.Kind == actors.EventChildParked {
		n.cfg.Log.Warn().Str("event", string(e.Kind)).Str("supervisor", e.Supervisor).Str("child", e.Child).Str("exit", e.Exit).Msg("guilds")
	}
}

// receive is the reception: it takes what nodes send to guilds here.
func (n *Node) receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *wire.Follow:
		n.receiveFollow(ctx, m)
	case *wire.Unfollow:
		n.pass(ctx, n.owned.find(m.GetGuildId()), m)
	case *wire.Seen:
		if !n.pass(ctx, n.owned.find(m.GetGuildId()), m) {
			n.send(m.GetNode(), &wire.Gone{GuildId: m.GetGuildId(), Term: m.GetTerm(), Reason: wire.Gone_MOVED})
		}
	case *wire.Presence:
		n.pass(ctx, n.owned.find(m.GetGuildId()), m)
	case *wire.Event:
		n.pass(ctx, n.owned.find(m.GetGuildId()), m)
	case *wire.GuildState:
		n.pass(ctx, n.following.find(m.GetGuildId()), m)
	case *wire.Changes:
		n.pass(ctx, n.following.find(m.GetGuildId()), m)
	case *wire.Heard:
		n.pass(ctx, n.following.find(m.GetGuildId()), m)
	case *wire.Gone:
		n.pass(ctx, n.following.find(m.GetGuildId()), m)
	}
}

// pass gives a message to a guild's actor, if it has one.
func (n *Node) pass(ctx actor.Context, to *seat, m any) bool {
	if to == nil {
		return false
	}
	ctx.Send(to.pid, m)
	return true
}

// receiveFollow is where an owner begins: somebody asks for a guild that is ours.
func (n *Node) receiveFollow(ctx actor.Context, m *wire.Follow) {
	to := n.owned.find(m.GetGuildId())
	if to == nil && n.cfg.Places.Owner(m.GetGuildId()) == n.cfg.Node {
		var err error
		if to, err = n.owned.need(m.GetGuildId()); err != nil {
			n.cfg.Log.Error().Err(err).Msg("guild not started")
		}
	}
	if !n.pass(ctx, to, m) {
		n.send(m.GetNode(), &wire.Gone{GuildId: m.GetGuildId(), Term: m.GetTerm(), Reason: wire.Gone_MOVED})
	}
}

// audit finds out which owned guilds are behind the store, or somebody else's by now.
func (n *Node) audit(ctx context.Context) error {
	ticker := time.NewTicker(auditEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		claims := n.owned.claims()
		if len(claims) == 0 {
			continue
		}
		bounded, cancel := context.WithTimeout(ctx, callWait)
		heads, err := n.cfg.Store.CheckGuilds(bounded, claims)
		cancel()
		if err != nil {
			n.cfg.Log.Debug().Err(err).Msg("guilds not compared with the store")
			continue
		}
		for i, head := range heads {
			if to := n.owned.find(head.GetGuildId()); to != nil && to.epoch.Load() == claims[i].GetEpoch() {
				n.system.Root.Send(to.pid, checked{head})
			}
		}
	}
}

// watchRing tells the followers when guilds have moved.
func (n *Node) watchRing(ctx context.Context) error {
	ticker := time.NewTicker(ringLook)
	defer ticker.Stop()
	seen := n.cfg.Places.Version()
	n.following.broadcast(moved{})
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		if now := n.cfg.Places.Version(); now != seen {
			seen = now
			n.following.broadcast(moved{})
		}
	}
}
