package rest

import (
	"context"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/event"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

func (s *Server) getMe(_ context.Context, c call) (answer, error) {
	return ok(struct {
		protocol.UserObject

		Verified bool   `json:"verified"`
		MFA      bool   `json:"mfa_enabled"`
		Locale   string `json:"locale"`
		Flags    int    `json:"flags"`
	}{UserObject: event.UserObject(c.user), Verified: true, Locale: "en-US"})
}

// myGuild is a guild in the list of a user's.
type myGuild struct {
	ID          protocol.Snowflake `json:"id"`
	Name        string             `json:"name"`
	Icon        *string            `json:"icon"`
	Owner       bool               `json:"owner"`
	Permissions string             `json:"permissions"`
	Features    []string           `json:"features"`
}

func (s *Server) listMyGuilds(ctx context.Context, c call) (answer, error) {
	p, err := parsePage(c.request.URL.Query(), wire.MaxGuildPage, wire.MaxGuildPage)
	if err != nil {
		return answer{}, err
	}
	reply, err := s.cfg.Store.ListGuilds(ctx, &wire.ListGuildsRequest{UserId: c.user.GetId(), After: p.after, Before: p.before, Limit: p.limit})
	if err != nil {
		return answer{}, err
	}
	guilds := make([]myGuild, 0, len(reply.GetGuilds()))
	for _, g := range reply.GetGuilds() {
		mine := myGuild{ID: protocol.Snowflake(g.GetId()), Name: g.GetName(), Permissions: event.EveryonePermissions}
		if g.GetOwnerId() == c.user.GetId() {
			mine.Owner, mine.Permissions = true, ownerPermissions
		}
		guilds = append(guilds, mine)
	}
	return ok(guilds)
}
