package guild

import (
	"cmp"
	"maps"
	"slices"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/event"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/frame"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/guild/replica"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// maxCardMembers is how many members GUILD_CREATE names, and as many presences: those of a larger guild are asked for.
const maxCardMembers = 250

// card is a guild's GUILD_CREATE, written once for all sessions.
type card struct {
	object    protocol.GuildObject
	plain     protocol.Body             // without presences
	presences map[uint64]*wire.Presence // the follower's; nil when they have changed
	full      protocol.Body             // with them; nil until it is needed
	members   map[uint64]struct{}       // whom it names
}

func newCard(s replica.State, online map[uint64]*wire.Presence) *card {
	users := usersOf(s)
	c := &card{object: event.GuildObject(s.Guild, wire.SnowflakeTime(s.Guild.GetId())), members: map[uint64]struct{}{}}
	all := s.Guild.GetMembers()
	c.object.MemberCount, c.object.Large = len(all), len(all) > maxCardMembers
	for _, m := range named(all, online) {
		c.object.Members = append(c.object.Members, event.MemberObject(0, m, users[m.GetUserId()]))
		c.members[m.GetUserId()] = struct{}{}
	}
	c.plain = frame.New(protocol.NewGuildCreate(c.object).Full.(protocol.Text)) //nolint:errcheck,forcetypeassert // it is text
	return c
}

// named picks the members that a large guild shows: those that are online first.
func named(all []*wire.Member, online map[uint64]*wire.Presence) []*wire.Member {
	if len(all) <= maxCardMembers {
		return all
	}
	out := make([]*wire.Member, 0, maxCardMembers)
	for _, there := range []bool{true, false} {
		for _, m := range all {
			if _, is := online[m.GetUserId()]; is == there && len(out) < maxCardMembers {
				out = append(out, m)
			}
		}
	}
	return out
}

func usersOf(s replica.State) map[uint64]*wire.User {
	users := make(map[uint64]*wire.User, len(s.Users))
	for _, u := range s.Users {
		users[u.GetId()] = u
	}
	return users
}

// withoutPresences is the card after somebody's presence has changed.
func (c *card) withoutPresences() *card {
	if c != nil {
		c.presences, c.full = nil, nil
	}
	return c
}

// of is the dispatch; whoever cannot see presences needs none of the work that they are.
func (c *card) of(presences bool) protocol.Dispatch {
	d := protocol.Dispatch{Kind: protocol.GuildCreate, Guild: uint64(c.object.ID), Full: c.plain, Reduced: c.plain}
	if !presences {
		return d
	}
	if c.full == nil {
		object := c.object
		for _, user := range slices.Sorted(maps.Keys(c.members)) {
			if p := c.presences[user]; p != nil {
				object.Presences = append(object.Presences, replica.PresenceObject(p))
			}
		}
		slices.SortFunc(object.Presences, func(a, b protocol.PresenceObject) int { return cmp.Compare(a.User.ID, b.User.ID) })
		c.full = frame.New(protocol.NewGuildCreate(object).Full.(protocol.Text)) //nolint:errcheck,forcetypeassert // it is text
	}
	d.Full = c.full
	return d
}
