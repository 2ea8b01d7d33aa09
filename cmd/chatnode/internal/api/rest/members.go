package rest

import (
	"context"
	"net/http"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/event"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

func (s *Server) listMembers(ctx context.Context, c call) (answer, error) {
	guild, err := c.id("guild")
	if err != nil {
		return answer{}, err
	}
	p, err := parsePage(c.request.URL.Query(), 1, wire.MaxMemberPage)
	if err != nil {
		return answer{}, err
	}
	reply, err := s.cfg.Store.ListMembers(ctx, &wire.ListMembersRequest{GuildId: guild, UserId: c.user.GetId(), After: p.after, Limit: p.limit})
	if err != nil {
		return answer{}, err
	}
	members := make([]protocol.MemberObject, 0, len(reply.GetMembers()))
	for _, m := range reply.GetMembers() {
		members = append(members, event.MemberObject(0, m.GetMember(), m.GetUser()))
	}
	return ok(members)
}

// addMember lets the guild's owner bring a user in. The body, which elsewhere
// holds that user's permission, is not read.
func (s *Server) addMember(ctx context.Context, c call) (answer, error) {
	guild, err := c.id("guild")
	if err != nil {
		return answer{}, err
	}
	user, err := c.id("user")
	if err != nil {
		return answer{}, err
	}
	reply, err := fenced(s, guild, func(epoch uint64) (*wire.AddMemberReply, error) {
		return s.cfg.Store.AddMember(ctx, &wire.AddMemberRequest{GuildId: guild, UserId: c.user.GetId(), MemberId: user, Epoch: epoch})
	})
	if err != nil {
		return answer{}, err
	}
	if !reply.GetAdded() {
		return noContent()
	}
	member := reply.GetMember()
	s.cfg.Told(ctx, event.MemberAdded(reply.GetRevision(), guild, member), []uint64{user})
	return answer{http.StatusCreated, event.MemberObject(0, member.GetMember(), member.GetUser())}, nil
}
