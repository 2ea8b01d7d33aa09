package store

import (
	"context"
	"slices"
	"unicode/utf8"

	"go.etcd.io/bbolt"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// ClaimGuild is part of [wire.StoreServer].
func (s *service) ClaimGuild(ctx context.Context, req *wire.ClaimGuildRequest) (*wire.ClaimGuildReply, error) {
	reply := &wire.ClaimGuildReply{}
	err := s.db.write(ctx, func(tx *bbolt.Tx) error {
		guild, err := needGuild(tx, req.GetGuildId())
		if err != nil {
			return err
		}
		newest, err := readEpoch(tx, guild.GetId())
		if err != nil {
			return err
		}
		if reply.Revision, err = readHead(tx, guild.GetId()); err != nil {
			return err
		}
		reply.Epoch = newest + 1
		return tx.Bucket([]byte(bucketEpochs)).Put(key(guild.GetId()), key(reply.GetEpoch()))
	})
	if err != nil {
		return nil, err
	}
	return reply, nil
}

// CreateGuild is part of [wire.StoreServer].
func (s *service) CreateGuild(ctx context.Context, req *wire.CreateGuildRequest) (*wire.GuildReply, error) {
	channels := req.GetChannels()
	if len(channels) == 0 {
		channels = []string{"general"}
	}
	if err := checkGuildNames(req.GetName(), channels); err != nil {
		return nil, err
	}
	var guild *wire.Guild
	err := s.db.write(ctx, func(tx *bbolt.Tx) error {
		owner, err := needUser(tx, req.GetOwnerId())
		if err != nil {
			return err
		}
		if err := checkMoreGuilds(owner); err != nil {
			return err
		}
		guild = &wire.Guild{Name: req.GetName(), OwnerId: owner.GetId()}
		if guild.Id, err = mint(tx, kindGuild, s.now()); err != nil {
			return err
		}
		for i, name := range channels {
			id, err := mint(tx, kindChannel, s.now())
			if err != nil {
				return err
			}
			guild.Channels = append(guild.Channels, &wire.Channel{Id: id, Name: name, Position: int32(i)})
		}
		if err := writeGuild(tx, guild); err != nil {
			return err
		}
		if _, err = join(tx, guild.GetId(), owner, s.now()); err != nil {
			return err
		}
		return writeChange(tx, guild.GetId(), firstRevision, &wire.Change{Kind: wire.Change_GUILD_CREATED})
	})
	if err != nil {
		return nil, err
	}
	return &wire.GuildReply{Guild: guild, Members: 1, Revision: firstRevision}, nil
}

func checkGuildNames(name string, channels []string) error {
	if n := utf8.RuneCountInString(name); n < wire.MinGuildNameRunes || n > wire.MaxNameRunes {
		return status.Errorf(codes.InvalidArgument, "a guild's name of %d characters: want %d to %d", n, wire.MinGuildNameRunes, wire.MaxNameRunes)
	}
	if len(channels) > wire.MaxChannels {
		return wire.Refuse(codes.InvalidArgument, wire.Refusal_TOO_MANY_CHANNELS, "%d channels: want %d at most", len(channels), wire.MaxChannels)
	}
	for _, channel := range channels {
		if err := checkChannelName(channel); err != nil {
			return err
		}
	}
	return nil
}

func checkChannelName(name string) error {
	if n := utf8.RuneCountInString(name); n < 1 || n > wire.MaxNameRunes {
		return status.Errorf(codes.InvalidArgument, "a channel's name of %d characters: want 1 to %d", n, wire.MaxNameRunes)
	}
	return nil
}

func checkMoreGuilds(user *wire.User) error {
	if n := len(user.GetGuildIds()); n >= wire.MaxUserGuilds {
		return wire.Refuse(codes.FailedPrecondition, wire.Refusal_TOO_MANY_GUILDS, "user %d is in %d guilds: want %d at most", user.GetId(), n, wire.MaxUserGuilds)
	}
	return nil
}

// DescribeGuild is part of [wire.StoreServer].
func (s *service) DescribeGuild(_ context.Context, req *wire.DescribeGuildRequest) (*wire.GuildReply, error) {
	reply := &wire.GuildReply{}
	err := s.db.read(func(tx *bbolt.Tx) (err error) {
		if reply.Guild, err = needGuild(tx, req.GetGuildId()); err != nil {
			return err
		}
		if _, err := needAccess(tx, req.GetGuildId(), req.GetUserId()); err != nil {
			return err
		}
		if req.GetCount() {
			reply.Members = countMembers(tx, req.GetGuildId())
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return reply, nil
}

// ListGuilds is part of [wire.StoreServer].
func (s *service) ListGuilds(_ context.Context, req *wire.ListGuildsRequest) (*wire.ListGuildsReply, error) {
	if err := checkPage(req.GetLimit(), wire.MaxGuildPage); err != nil {
		return nil, err
	}
	reply := &wire.ListGuildsReply{}
	err := s.db.read(func(tx *bbolt.Tx) error {
		user, err := needUser(tx, req.GetUserId())
		if err != nil {
			return err
		}
		for _, id := range guildPage(user.GetGuildIds(), req) {
			guild, err := needGuild(tx, id)
			if err != nil {
				return err
			}
			guild.Channels = nil
			reply.Guilds = append(reply.Guilds, guild)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return reply, nil
}

// guildPage picks the ids that a request asks for. A page before an id is the
// one next to it.
func guildPage(ids []uint64, req *wire.ListGuildsRequest) []uint64 {
	ids = slices.DeleteFunc(slices.Sorted(slices.Values(ids)), func(id uint64) bool {
		return id <= req.GetAfter() || req.GetBefore() != 0 && id >= req.GetBefore()
	})
	limit := min(int(req.GetLimit()), len(ids))
	if req.GetBefore() != 0 && req.GetAfter() == 0 {
		return ids[len(ids)-limit:]
	}
	return ids[:limit]
}

func checkPage(limit uint32, most uint32) error {
	if limit < 1 || limit > most {
		return status.Errorf(codes.InvalidArgument, "a list of %d: want 1 to %d", limit, most)
	}
	return nil
}
