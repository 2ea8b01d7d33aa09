package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"go.etcd.io/bbolt"
	"google.golang.org/protobuf/proto"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// key strings ids together so that rows sort by number.
func key(ids ...uint64) []byte {
	k := make([]byte, 0, 8*len(ids))
	for _, id := range ids {
		k = binary.BigEndian.AppendUint64(k, id)
	}
	return k
}

// user returns the user with an id, or nil.
func (d *database) user(id uint64) (user *wire.User, err error) {
	err = d.bolt.View(func(tx *bbolt.Tx) error {
		user, err = readUser(tx, id)
		return err
	})
	return user, err
}

// userByToken returns the user who logs in with a token, or nil.
func (d *database) userByToken(token string) (user *wire.User, err error) {
	err = d.bolt.View(func(tx *bbolt.Tx) error {
		hash := sha256.Sum256([]byte(token))
		raw := tx.Bucket([]byte(bucketTokens)).Get(hash[:])
		if raw == nil {
			return nil
		}
		if len(raw) != 8 {
			return fmt.Errorf("a token's row has %d bytes, want 8", len(raw))
		}
		id := binary.BigEndian.Uint64(raw)
		if user, err = readUser(tx, id); err == nil && user == nil {
			err = fmt.Errorf("a token names user %d, who is missing", id)
		}
		return err
	})
	return user, err
}

// guild returns the guild with an id and all its members, with their users if
// they are asked for, at one revision; or no guild.
func (d *database) guild(id uint64, users bool) (*wire.GetGuildReply, error) {
	reply := &wire.GetGuildReply{}
	err := d.bolt.View(func(tx *bbolt.Tx) (err error) {
		if reply.Guild, err = readGuild(tx, id); reply.Guild == nil {
			return err
		}
		if reply.Revision, err = readHead(tx, id); err != nil {
			return err
		}
		prefix, rows := key(id), tx.Bucket([]byte(bucketMembers)).Cursor()
		for k, raw := rows.Seek(prefix); bytes.HasPrefix(k, prefix); k, raw = rows.Next() {
			member := &wire.Member{}
			if err := proto.Unmarshal(raw, member); err != nil {
				return fmt.Errorf("a member of guild %d: %w", id, err)
			}
			reply.Guild.Members = append(reply.Guild.Members, member)
			if !users {
				continue
			}
			user, err := readUser(tx, member.GetUserId())
			if err == nil && user == nil {
				err = fmt.Errorf("guild %d has member %d, who is no user", id, member.GetUserId())
			}
			if err != nil {
				return err
			}
			reply.Users = append(reply.Users, withoutGuilds(user))
		}
		return nil
	})
	return reply, err
}

func readUser(tx *bbolt.Tx, id uint64) (*wire.User, error) {
	raw := tx.Bucket([]byte(bucketUsers)).Get(key(id))
	if raw == nil {
		return nil, nil // nobody there is an answer, not an error
	}
	user := &wire.User{}
	if err := proto.Unmarshal(raw, user); err != nil {
		return nil, fmt.Errorf("user %d: %w", id, err)
	}
	return user, nil
}

func readGuild(tx *bbolt.Tx, id uint64) (*wire.Guild, error) {
	raw := tx.Bucket([]byte(bucketGuilds)).Get(key(id))
	if raw == nil {
		return nil, nil // none there is an answer, not an error
	}
	guild := &wire.Guild{}
	if err := proto.Unmarshal(raw, guild); err != nil {
		return nil, fmt.Errorf("guild %d: %w", id, err)
	}
	return guild, nil
}

func writeUser(tx *bbolt.Tx, user *wire.User) error {
	return put(tx, bucketUsers, key(user.GetId()), user)
}

func writeToken(tx *bbolt.Tx, token string, user uint64) error {
	hash := sha256.Sum256([]byte(token))
	return tx.Bucket([]byte(bucketTokens)).Put(hash[:], key(user))
}

// writeGuild writes a guild that carries no members; those are rows of their own.
func writeGuild(tx *bbolt.Tx, guild *wire.Guild) error {
	if err := put(tx, bucketGuilds, key(guild.GetId()), guild); err != nil {
		return err
	}
	return writeChannels(tx, guild)
}

// writeChannels writes the rows by which a guild is found from its channels.
func writeChannels(tx *bbolt.Tx, guild *wire.Guild) error {
	rows := tx.Bucket([]byte(bucketChannels))
	for _, channel := range guild.GetChannels() {
		if err := rows.Put(key(channel.GetId()), key(guild.GetId())); err != nil {
			return fmt.Errorf("channel %d: %w", channel.GetId(), err)
		}
	}
	return nil
}

func writeMember(tx *bbolt.Tx, guild uint64, member *wire.Member) error {
	return put(tx, bucketMembers, key(guild, member.GetUserId()), member)
}

func put(tx *bbolt.Tx, bucket string, k []byte, record proto.Message) error {
	// Deterministic, so that two folders of one seed are equal row by row.
	raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(record)
	if err != nil {
		return fmt.Errorf("encode a row of %s: %w", bucket, err)
	}
	return tx.Bucket([]byte(bucket)).Put(k, raw)
}
