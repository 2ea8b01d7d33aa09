package store

import (
	"context"
	"fmt"

	"go.etcd.io/bbolt"
	"google.golang.org/grpc/codes"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// CreateChannel is part of [wire.StoreServer].
func (s *service) CreateChannel(ctx context.Context, req *wire.CreateChannelRequest) (*wire.ChannelReply, error) {
	if err := checkChannelName(req.GetName()); err != nil {
		return nil, err
	}
	reply := &wire.ChannelReply{GuildId: req.GetGuildId()}
	err := s.db.write(ctx, func(tx *bbolt.Tx) error {
		guild, err := needGuild(tx, req.GetGuildId())
		if err != nil {
			return err
		}
		if reply.Member, err = needAccess(tx, guild.GetId(), req.GetUserId()); err != nil {
			return err
		}
		if err := checkOwner(guild, req.GetUserId()); err != nil {
			return err
		}
		if err := checkEpoch(tx, guild.GetId(), req.GetEpoch()); err != nil {
			return err
		}
		if n := len(guild.GetChannels()); n >= wire.MaxChannels {
			return wire.Refuse(codes.FailedPrecondition, wire.Refusal_TOO_MANY_CHANNELS, "guild %d has %d channels: want %d at most", guild.GetId(), n, wire.MaxChannels)
		}
		id, err := mint(tx, kindChannel, s.now())
		if err != nil {
			return err
		}
		reply.Channel = &wire.Channel{Id: id, Name: req.GetName(), Position: int32(len(guild.GetChannels()))}
		guild.Channels = append(guild.Channels, reply.Channel)
		if err := writeGuild(tx, guild); err != nil {
			return err
		}
		reply.Revision, err = addChange(tx, guild.GetId(), &wire.Change{Kind: wire.Change_CHANNEL_CREATED, ChannelId: id})
		return err
	})
	if err != nil {
		return nil, err
	}
	return reply, nil
}

func checkOwner(guild *wire.Guild, user uint64) error {
	if guild.GetOwnerId() != user {
		return wire.Refuse(codes.PermissionDenied, wire.Refusal_NO_PERMISSION, "user %d does not own guild %d", user, guild.GetId())
	}
	return nil
}

// GetChannel is part of [wire.StoreServer].
func (s *service) GetChannel(_ context.Context, req *wire.GetChannelRequest) (*wire.ChannelReply, error) {
	reply := &wire.ChannelReply{}
	err := s.db.read(func(tx *bbolt.Tx) (err error) {
		if reply.GuildId, reply.Member, err = needChannel(tx, req.GetChannelId(), req.GetUserId()); err != nil {
			return err
		}
		guild, err := needGuild(tx, reply.GetGuildId())
		if err != nil {
			return err
		}
		for _, channel := range guild.GetChannels() {
			if channel.GetId() == req.GetChannelId() {
				reply.Channel = channel
			}
		}
		if reply.GetChannel() == nil {
			return fmt.Errorf("guild %d lacks its channel %d", guild.GetId(), req.GetChannelId())
		}
		newest, err := olderMessages(tx, req.GetChannelId(), newestFirst, 1)
		if len(newest) > 0 {
			reply.LastMessageId = newest[0].GetId()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return reply, nil
}
