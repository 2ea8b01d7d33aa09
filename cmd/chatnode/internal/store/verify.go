package store

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.etcd.io/bbolt"
	"google.golang.org/protobuf/proto"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// section is the rows of one bucket, and what must hold of each of them: it
// decodes, it is the one that its key names, and what it refers to is there.
type section struct {
	bucket string
	check  func(s *scan, tx *bbolt.Tx, k, raw []byte) error
}

// sections are the whole database. What holds between two rows is looked at with
// one of them, in one transaction.
func sections() []section {
	return []section{
		{bucketUsers, (*scan).checkUser},
		{bucketTokens, (*scan).checkToken},
		{bucketGuilds, (*scan).checkGuild},
		{bucketMembers, (*scan).checkMember},
		{bucketChannels, (*scan).checkChannel},
		{bucketMessages, (*scan).checkMessage},
		{bucketEpochs, (*scan).checkEpochRow},
		{bucketChanges, (*scan).checkLog},
		{bucketMeta, (*scan).checkMeta},
	}
}

// derivable is a fault whose mending follows from what is right.
type derivable struct {
	what string
	mend func(tx *bbolt.Tx) error
}

func (d *derivable) Error() string { return d.what }

func decode(raw []byte, into proto.Message) error {
	if err := proto.Unmarshal(raw, into); err != nil {
		return errors.New("it does not decode")
	}
	return nil
}

// ids takes a key apart.
func ids(k []byte, n int) ([]uint64, error) {
	if len(k) != 8*n {
		return nil, fmt.Errorf("its key has %d bytes, want %d", len(k), 8*n)
	}
	out := make([]uint64, n)
	for i := range out {
		out[i] = binary.BigEndian.Uint64(k[8*i:])
	}
	return out, nil
}

// readable writes a key for people: ids as numbers, anything else in hexadecimal.
func readable(k []byte) string {
	if len(k) != 8 && len(k) != 16 {
		return hex.EncodeToString(k[:min(len(k), 8)])
	}
	parts := make([]string, 0, 2)
	for ; len(k) > 0; k = k[8:] {
		parts = append(parts, strconv.FormatUint(binary.BigEndian.Uint64(k), 10))
	}
	return strings.Join(parts, "/")
}

func has(tx *bbolt.Tx, bucket string, k []byte) bool { return tx.Bucket([]byte(bucket)).Get(k) != nil }

func (s *scan) checkUser(tx *bbolt.Tx, k, raw []byte) error {
	id, err := ids(k, 1)
	if err != nil {
		return err
	}
	s.users++
	user := &wire.User{}
	switch err := decode(raw, user); {
	case err != nil:
		return err
	case user.GetId() != id[0]:
		return fmt.Errorf("it says that it is user %d", user.GetId())
	case user.GetUsername() == "":
		return errors.New("it has no name")
	}
	seen := make(map[uint64]bool, len(user.GetGuildIds()))
	for _, guild := range user.GetGuildIds() {
		switch {
		case seen[guild]:
			return fmt.Errorf("it is in guild %d twice", guild)
		case !has(tx, bucketMembers, key(guild, id[0])):
			return fmt.Errorf("it is in guild %d, which does not have it as a member", guild)
		}
		seen[guild] = true
	}
	return nil
}

func (s *scan) checkToken(tx *bbolt.Tx, k, raw []byte) error {
	switch {
	case len(k) != 32:
		return fmt.Errorf("its key has %d bytes, want 32", len(k))
	case len(raw) != 8:
		return fmt.Errorf("it has %d bytes, want 8", len(raw))
	case !has(tx, bucketUsers, raw):
		return fmt.Errorf("it names user %s, who is missing", readable(raw))
	}
	return nil
}

func (s *scan) checkGuild(tx *bbolt.Tx, k, raw []byte) error {
	id, err := ids(k, 1)
	if err != nil {
		return err
	}
	guild := &wire.Guild{}
	switch err := decode(raw, guild); {
	case err != nil:
		return err
	case guild.GetId() != id[0]:
		return fmt.Errorf("it says that it is guild %d", guild.GetId())
	case !has(tx, bucketMembers, key(id[0], guild.GetOwnerId())):
		return fmt.Errorf("its owner %d is no member", guild.GetOwnerId())
	}
	s.minted(id[0])
	seen := make(map[uint64]bool, len(guild.GetChannels()))
	for _, channel := range guild.GetChannels() {
		if seen[channel.GetId()] || channel.GetId() == 0 {
			return fmt.Errorf("it has channel %d twice, or without an id", channel.GetId())
		}
		seen[channel.GetId()] = true
		s.minted(channel.GetId())
		if err := checkIndex(tx, id[0], channel.GetId()); err != nil {
			return err
		}
	}
	return nil
}

// checkIndex looks whether a channel of a guild leads to it. The guild is what
// counts: the row of a channel is made from it, and can be made again.
func checkIndex(tx *bbolt.Tx, guild, channel uint64) error {
	raw := tx.Bucket([]byte(bucketChannels)).Get(key(channel))
	if bytes.Equal(raw, key(guild)) {
		return nil
	}
	if len(raw) == 8 && listsChannel(tx, binary.BigEndian.Uint64(raw), channel) {
		return fmt.Errorf("its channel %d is also one of guild %s", channel, readable(raw))
	}
	return &derivable{
		what: fmt.Sprintf("its channel %d does not lead to it", channel),
		mend: func(tx *bbolt.Tx) error {
			if !listsChannel(tx, guild, channel) || checkIndex(tx, guild, channel) == nil {
				return nil // it was deleted, or mended, meanwhile
			}
			return tx.Bucket([]byte(bucketChannels)).Put(key(channel), key(guild))
		},
	}
}

func listsChannel(tx *bbolt.Tx, guild, channel uint64) bool {
	found, err := readGuild(tx, guild)
	return err == nil && found != nil && slices.ContainsFunc(found.GetChannels(), func(c *wire.Channel) bool { return c.GetId() == channel })
}

func (s *scan) checkMember(tx *bbolt.Tx, k, raw []byte) error {
	id, err := ids(k, 2)
	if err != nil {
		return err
	}
	member := &wire.Member{}
	switch err := decode(raw, member); {
	case err != nil:
		return err
	case member.GetUserId() != id[1]:
		return fmt.Errorf("it says that it is user %d", member.GetUserId())
	case !has(tx, bucketGuilds, key(id[0])):
		return fmt.Errorf("guild %d is missing", id[0])
	}
	user, err := readUser(tx, id[1])
	switch {
	case err != nil:
		return fmt.Errorf("user %d does not decode", id[1])
	case user == nil:
		return fmt.Errorf("user %d is missing", id[1])
	case !slices.Contains(user.GetGuildIds(), id[0]):
		return fmt.Errorf("user %d does not know that guild", id[1])
	}
	return nil
}

func (s *scan) checkChannel(tx *bbolt.Tx, k, raw []byte) error {
	id, err := ids(k, 1)
	switch {
	case err != nil:
		return err
	case len(raw) != 8:
		return fmt.Errorf("it has %d bytes, want 8", len(raw))
	case !listsChannel(tx, binary.BigEndian.Uint64(raw), id[0]):
		return fmt.Errorf("guild %s, to which it leads, does not have it", readable(raw))
	}
	return nil
}

func (s *scan) checkMessage(tx *bbolt.Tx, k, raw []byte) error {
	id, err := ids(k, 2)
	if err != nil {
		return err
	}
	s.minted(id[1])
	message := &wire.Message{}
	switch err := decode(raw, message); {
	case err != nil:
		return err
	case message.GetChannelId() != id[0] || message.GetId() != id[1]:
		return fmt.Errorf("it says that it is message %d of channel %d", message.GetId(), message.GetChannelId())
	case !bytes.Equal(tx.Bucket([]byte(bucketChannels)).Get(key(id[0])), key(message.GetGuildId())):
		return fmt.Errorf("its channel is not in guild %d", message.GetGuildId())
	case !has(tx, bucketUsers, key(message.GetAuthorId())):
		return fmt.Errorf("its author %d is missing", message.GetAuthorId())
	}
	return nil
}

func (s *scan) checkEpochRow(tx *bbolt.Tx, k, raw []byte) error {
	id, err := ids(k, 1)
	switch {
	case err != nil:
		return err
	case len(raw) != 8:
		return fmt.Errorf("it has %d bytes, want 8", len(raw))
	case !has(tx, bucketGuilds, k):
		return fmt.Errorf("guild %d is missing", id[0])
	}
	return nil
}

// checkLog looks whether a guild's changes decode and follow each other. Its oldest may go
// while the scan is under way, so only what follows a row that is still there is
// compared.
func (s *scan) checkLog(tx *bbolt.Tx, k, raw []byte) error {
	id, err := ids(k, 2)
	if err != nil {
		return err
	}
	before := s.change
	s.change = [2]uint64{id[0], id[1]}
	switch {
	case decode(raw, &wire.Change{}) != nil:
		return errors.New("it does not decode")
	case !has(tx, bucketGuilds, key(id[0])):
		return fmt.Errorf("guild %d is missing", id[0])
	case before[0] == id[0] && before[1]+1 != id[1] && has(tx, bucketChanges, key(before[0], before[1])):
		return fmt.Errorf("it follows change %d: there is a hole", before[1])
	}
	return nil
}

// checkMeta looks at what the file says about itself, last: by then the scan has
// seen everything that it speaks of.
func (s *scan) checkMeta(tx *bbolt.Tx, k, raw []byte) error {
	last := tx.Bucket([]byte(bucketMeta)).Get([]byte(mintedKey))
	switch string(k) {
	case metaKey:
		m, err := readMeta(tx)
		if err == nil && s.users < m.Users {
			err = fmt.Errorf("it says that there are %d users: %d are there", m.Users, s.users)
		}
		if err == nil && last == nil {
			err = s.checkMinted(nil)
		}
		return err
	case mintedKey:
		return s.checkMinted(raw)
	}
	return nil
}

// checkMinted looks whether the row of the last id is behind an id that was given.
// It follows from the ids themselves.
func (s *scan) checkMinted(raw []byte) error {
	if s.newest == 0 || len(raw) == 8 && binary.BigEndian.Uint64(raw) >= s.newest {
		return nil
	}
	newest := s.newest
	return &derivable{
		what: "the last id that was given is behind one that is there: it would be given again",
		mend: func(tx *bbolt.Tx) error {
			rows := tx.Bucket([]byte(bucketMeta))
			if now := rows.Get([]byte(mintedKey)); len(now) == 8 && binary.BigEndian.Uint64(now) >= newest {
				return nil
			}
			return rows.Put([]byte(mintedKey), key(newest))
		},
	}
}

// minted notes an id that was given, in the form of the row of the last one. Those
// that are seeded have times of their own, before all others.
func (s *scan) minted(id uint64) {
	if id>>22+wire.SnowflakeEpochMS > seedStartMS+MaxUsers*seedStepMS {
		s.newest = max(s.newest, id>>22<<12|id&0xfff)
	}
}
