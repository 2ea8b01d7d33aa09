package rest

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/event"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// channelForm is what a channel is made from.
type channelForm struct {
	Name string `json:"name"`
	Type int    `json:"type"`
}

// parse returns the channel's name, as names of text channels are written.
func (f channelForm) parse() (string, error) {
	if f.Type != 0 {
		return "", badField("type", "BASE_TYPE_CHOICES", "Value must be one of {0}.")
	}
	name := strings.ToLower(strings.Join(strings.Fields(f.Name), "-"))
	return name, checkLength("name", name, 1, wire.MaxNameRunes)
}

func (s *Server) listChannels(ctx context.Context, c call) (answer, error) {
	reply, err := s.describe(ctx, c, false)
	if err != nil {
		return answer{}, err
	}
	channels := make([]protocol.ChannelObject, 0, len(reply.GetGuild().GetChannels()))
	for _, channel := range reply.GetGuild().GetChannels() {
		channels = append(channels, event.ChannelObject(reply.GetGuild().GetId(), channel))
	}
	return ok(channels)
}

func (s *Server) createChannel(ctx context.Context, c call) (answer, error) {
	guild, err := c.id("guild")
	if err != nil {
		return answer{}, err
	}
	var form channelForm
	if err := readForm(c.request, &form); err != nil {
		return answer{}, err
	}
	name, err := form.parse()
	if err != nil {
		return answer{}, err
	}
	reply, err := fenced(s, guild, func(epoch uint64) (*wire.ChannelReply, error) {
		return s.cfg.Store.CreateChannel(ctx, &wire.CreateChannelRequest{GuildId: guild, UserId: c.user.GetId(), Name: name, Epoch: epoch})
	})
	if err != nil {
		return answer{}, err
	}
	s.cfg.Told(ctx, event.ChannelCreated(reply.GetRevision(), guild, reply.GetChannel()), nil)
	return answer{http.StatusCreated, event.ChannelObject(guild, reply.GetChannel())}, nil
}

// channel reads the channel that the path names.
func (s *Server) channel(ctx context.Context, c call) (*wire.ChannelReply, error) {
	id, err := c.id("channel")
	if err != nil {
		return nil, err
	}
	return s.cfg.Store.GetChannel(ctx, &wire.GetChannelRequest{ChannelId: id, UserId: c.user.GetId()})
}

func (s *Server) getChannel(ctx context.Context, c call) (answer, error) {
	reply, err := s.channel(ctx, c)
	if err != nil {
		return answer{}, err
	}
	channel := event.ChannelObject(reply.GetGuildId(), reply.GetChannel())
	if last := protocol.Snowflake(reply.GetLastMessageId()); last != 0 {
		channel.LastMessage = &last
	}
	return ok(channel)
}

func (s *Server) startTyping(ctx context.Context, c call) (answer, error) {
	reply, err := s.channel(ctx, c)
	if err != nil {
		return answer{}, err
	}
	typist := &wire.Person{Member: reply.GetMember(), User: c.user}
	s.cfg.Told(ctx, event.Typing(reply.GetGuildId(), reply.GetChannel().GetId(), typist, time.Now()), nil)
	return noContent()
}
