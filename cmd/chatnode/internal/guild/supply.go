package guild

import (
	"context"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/event"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/guild/replica"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

const (
	statusOnline  = "online"
	statusOffline = "offline"
)

// A Node is what a gateway gets its guilds from: the methods below are those of gateway.Guilds.

// Opened takes a session that begins.
func (n *Node) Opened(info protocol.SessionInfo) {
	late := n.roster.open(info, time.Now())
	for _, guild := range info.Guilds {
		n.tellFollower(guild, opened{info.ID})
	}
	for _, guild := range late {
		n.tellFollower(guild, joined{info.User})
	}
	n.show(info, &wire.Presence{Status: statusOnline})
}

// tellFollower tells a guild's follower something, which begins with that if need be.
func (n *Node) tellFollower(guild uint64, m any) {
	to, err := n.following.need(guild)
	if err != nil {
		n.cfg.Log.Error().Err(err).Msg("guild not followed: its sessions see it unavailable")
		return
	}
	n.system.Root.Send(to.pid, m)
}

// Closed takes that a session is over.
func (n *Node) Closed(info protocol.SessionInfo) {
	guilds, last := n.roster.close(info.ID)
	for _, guild := range guilds {
		to := n.following.find(guild)
		if to == nil {
			continue
		}
		n.system.Root.Send(to.pid, closed{})
		if last {
			n.system.Root.Send(to.pid, present{&wire.Presence{
				GuildId: guild, UserId: info.User, Node: n.cfg.Node, Status: statusOffline,
			}})
		}
	}
}

// Presence takes how a session's user wants to be seen.
func (n *Node) Presence(info protocol.SessionInfo, p protocol.Presence) {
	status := p.Status
	if status == "invisible" {
		status = statusOffline
	}
	n.show(info, &wire.Presence{Status: status, Activities: p.Activities})
}

func (n *Node) show(info protocol.SessionInfo, p *wire.Presence) {
	for _, guild := range n.roster.guildsOf(info.ID) {
		if to := n.following.find(guild); to != nil {
			n.system.Root.Send(to.pid, present{&wire.Presence{
				GuildId: guild, UserId: info.User, Node: n.cfg.Node, Status: p.GetStatus(), Activities: p.GetActivities(),
			}})
		}
	}
}

// Join takes that a user is in a guild from now on: his sessions here get it.
func (n *Node) join(user, guild uint64) {
	if n.roster.join(user, guild, time.Now()) > 0 {
		n.tellFollower(guild, joined{user})
	}
}

// Members returns the members of a guild that a session here has.
func (n *Node) Members(ctx context.Context, guild uint64) ([]protocol.Member, error) {
	to := n.following.find(guild)
	if to == nil {
		return nil, fmt.Errorf("guild %d: nobody here has it", guild)
	}
	answer := make(chan description, 1)
	n.system.Root.Send(to.pid, describe{answer})
	select {
	case d := <-answer:
		if !d.known {
			return nil, fmt.Errorf("guild %d: not known yet", guild)
		}
		return members(d.state, d.online)
	case <-ctx.Done():
		return nil, fmt.Errorf("guild %d: members: %w", guild, ctx.Err())
	}
}

func members(s replica.State, online map[uint64]*wire.Presence) ([]protocol.Member, error) {
	users := usersOf(s)
	out := make([]protocol.Member, 0, len(s.Guild.GetMembers()))
	for _, m := range s.Guild.GetMembers() {
		user := users[m.GetUserId()]
		if user == nil {
			continue
		}
		object, err := json.Marshal(event.MemberObject(0, m, user))
		if err != nil {
			return nil, fmt.Errorf("guild: member: %w", err)
		}
		one := protocol.Member{User: m.GetUserId(), Names: []string{user.GetUsername()}, Object: object}
		if m.GetNick() != "" {
			one.Names = append(one.Names, m.GetNick())
		}
		if p := online[m.GetUserId()]; p != nil {
			if one.Presence, err = json.Marshal(replica.PresenceObject(p)); err != nil {
				return nil, fmt.Errorf("guild: presence: %w", err)
			}
		}
		out = append(out, one)
	}
	return out, nil
}
