package rest

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/event"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// guildForm is what a guild is made from.
type guildForm struct {
	Name     string        `json:"name"`
	Channels []channelForm `json:"channels"`
}

// parse checks the form.
func (f guildForm) parse(owner uint64) (*wire.CreateGuildRequest, error) {
	request := &wire.CreateGuildRequest{OwnerId: owner, Name: strings.TrimSpace(f.Name)}
	if err := checkLength("name", request.GetName(), wire.MinGuildNameRunes, wire.MaxNameRunes); err != nil {
		return nil, err
	}
	if len(f.Channels) > wire.MaxChannels {
		return nil, badField("channels", "BASE_TYPE_MAX_LENGTH", "Must be %d or fewer in length.", wire.MaxChannels)
	}
	for _, c := range f.Channels {
		name, err := c.parse()
		if err != nil {
			return nil, err
		}
		request.Channels = append(request.Channels, name)
	}
	return request, nil
}

func (s *Server) createGuild(ctx context.Context, c call) (answer, error) {
	var form guildForm
	if err := readForm(c.request, &form); err != nil {
		return answer{}, err
	}
	request, err := form.parse(c.user.GetId())
	if err != nil {
		return answer{}, err
	}
	reply, err := s.cfg.Store.CreateGuild(ctx, request)
	if err != nil {
		return answer{}, err
	}
	guild, me := reply.GetGuild(), c.user.GetId()
	owner := &wire.Person{User: c.user, Member: &wire.Member{UserId: me, JoinedAtMs: wire.SnowflakeTime(guild.GetId()).UnixMilli()}}
	s.cfg.Told(ctx, event.GuildCreated(reply.GetRevision(), guild, owner), []uint64{me})
	return answer{http.StatusCreated, newGuildObject(guild, 0)}, nil
}

func (s *Server) getGuild(ctx context.Context, c call) (answer, error) {
	count := false
	if text := c.request.URL.Query().Get("with_counts"); text != "" {
		var err error
		if count, err = strconv.ParseBool(text); err != nil {
			return answer{}, badField("with_counts", "BOOLEAN_TYPE_CONVERT", "Must be either true or false.")
		}
	}
	reply, err := s.describe(ctx, c, count)
	if err != nil {
		return answer{}, err
	}
	return ok(newGuildObject(reply.GetGuild(), reply.GetMembers()))
}

// describe reads the guild that the path names.
func (s *Server) describe(ctx context.Context, c call, count bool) (*wire.GuildReply, error) {
	guild, err := c.id("guild")
	if err != nil {
		return nil, err
	}
	return s.cfg.Store.DescribeGuild(ctx, &wire.DescribeGuildRequest{GuildId: guild, UserId: c.user.GetId(), Count: count})
}
