package store

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
	"google.golang.org/protobuf/proto"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// AddMember is part of [wire.StoreServer].
func (s *service) AddMember(ctx context.Context, req *wire.AddMemberRequest) (*wire.AddMemberReply, error) {
	reply := &wire.AddMemberReply{}
	err := s.db.write(ctx, func(tx *bbolt.Tx) error {
		reply.Added = false
		guild, err := needGuild(tx, req.GetGuildId())
		if err != nil {
			return err
		}
		if _, err := needAccess(tx, guild.GetId(), req.GetUserId()); err != nil {
			return err
		}
		if err := checkOwner(guild, req.GetUserId()); err != nil {
			return err
		}
		if err := checkEpoch(tx, guild.GetId(), req.GetEpoch()); err != nil {
			return err
		}
		user, err := needUser(tx, req.GetMemberId())
		if err != nil {
			return err
		}
		member, err := readMember(tx, guild.GetId(), user.GetId())
		if err != nil {
			return err
		}
		if member == nil {
			if err := checkMoreGuilds(user); err != nil {
				return err
			}
			reply.Added = true
			if member, err = join(tx, guild.GetId(), user, s.now()); err != nil {
				return err
			}
			reply.Revision, err = addChange(tx, guild.GetId(), &wire.Change{Kind: wire.Change_MEMBER_ADDED, UserId: user.GetId()})
		} else {
			reply.Revision, err = readHead(tx, guild.GetId())
		}
		reply.Member = person(member, user)
		return err
	})
	if err != nil {
		return nil, err
	}
	return reply, nil
}

// ListMembers is part of [wire.StoreServer].
func (s *service) ListMembers(_ context.Context, req *wire.ListMembersRequest) (*wire.ListMembersReply, error) {
	if err := checkPage(req.GetLimit(), wire.MaxMemberPage); err != nil {
		return nil, err
	}
	reply := &wire.ListMembersReply{}
	err := s.db.read(func(tx *bbolt.Tx) error {
		if _, err := needGuild(tx, req.GetGuildId()); err != nil {
			return err
		}
		if _, err := needAccess(tx, req.GetGuildId(), req.GetUserId()); err != nil {
			return err
		}
		after := key(req.GetGuildId(), req.GetAfter())
		rows := tx.Bucket([]byte(bucketMembers)).Cursor()
		for k, raw := rows.Seek(after); len(reply.GetMembers()) < int(req.GetLimit()) && bytes.HasPrefix(k, after[:8]); k, raw = rows.Next() {
			if bytes.Equal(k, after) {
				continue
			}
			member := &wire.Member{}
			if err := proto.Unmarshal(raw, member); err != nil {
				return fmt.Errorf("a member of guild %d: %w", req.GetGuildId(), err)
			}
			user, err := needUser(tx, member.GetUserId())
			if err != nil {
				return err
			}
			reply.Members = append(reply.Members, person(member, user))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return reply, nil
}

// join makes a user a member.
func join(tx *bbolt.Tx, guild uint64, user *wire.User, now time.Time) (*wire.Member, error) {
	user.GuildIds = append(user.GuildIds, guild)
	if err := writeUser(tx, user); err != nil {
		return nil, err
	}
	member := &wire.Member{UserId: user.GetId(), JoinedAtMs: now.UnixMilli()}
	return member, writeMember(tx, guild, member)
}

// person is a member as others may see him.
func person(member *wire.Member, user *wire.User) *wire.Person {
	return &wire.Person{Member: member, User: withoutGuilds(user)}
}

func withoutGuilds(user *wire.User) *wire.User {
	user.GuildIds = nil
	return user
}

func readMember(tx *bbolt.Tx, guild, user uint64) (*wire.Member, error) {
	raw := tx.Bucket([]byte(bucketMembers)).Get(key(guild, user))
	if raw == nil {
		return nil, nil // none there is an answer, not an error
	}
	member := &wire.Member{}
	if err := proto.Unmarshal(raw, member); err != nil {
		return nil, fmt.Errorf("member %d of guild %d: %w", user, guild, err)
	}
	return member, nil
}

func countMembers(tx *bbolt.Tx, guild uint64) uint32 {
	var n uint32
	prefix, rows := key(guild), tx.Bucket([]byte(bucketMembers)).Cursor()
	for k, _ := rows.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = rows.Next() {
		n++
	}
	return n
}
