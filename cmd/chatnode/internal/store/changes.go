package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"

	"go.etcd.io/bbolt"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

const (
	// firstRevision is a guild's creation. Seeded guilds, and those of files that
	// had no log, begin there, too, but without a row: nobody was told of them.
	firstRevision = 1
	// keptChanges is how many of a guild's newest changes are kept: who missed more
	// reads the guild again.
	keptChanges = 1024
)

// addChange writes the next change of a guild into its log, and returns its
// revision. It is part of the transaction that changes the guild.
func addChange(tx *bbolt.Tx, guild uint64, change *wire.Change) (uint64, error) {
	head, err := readHead(tx, guild)
	if err != nil {
		return 0, err
	}
	return head + 1, writeChange(tx, guild, head+1, change)
}

// writeChange writes one row, and removes the one that it pushes out: revisions
// have no holes, so that one is known without a search.
func writeChange(tx *bbolt.Tx, guild, revision uint64, change *wire.Change) error {
	if err := put(tx, bucketChanges, key(guild, revision), change); err != nil {
		return err
	}
	if revision <= keptChanges {
		return nil
	}
	if err := tx.Bucket([]byte(bucketChanges)).Delete(key(guild, revision-keptChanges)); err != nil {
		return fmt.Errorf("forget change %d of guild %d: %w", revision-keptChanges, guild, err)
	}
	return nil
}

// readHead returns the newest revision of a guild that is there.
func readHead(tx *bbolt.Tx, guild uint64) (uint64, error) {
	rows := tx.Bucket([]byte(bucketChanges)).Cursor()
	step := rows.Prev
	if k, _ := rows.Seek(key(guild, math.MaxUint64)); k == nil {
		step = rows.Last
	}
	k, _ := step()
	if !bytes.HasPrefix(k, key(guild)) {
		return firstRevision, nil
	}
	return revisionOf(k)
}

func revisionOf(k []byte) (uint64, error) {
	if len(k) != 16 {
		return 0, fmt.Errorf("a change's key has %d bytes, want 16", len(k))
	}
	return binary.BigEndian.Uint64(k[8:]), nil
}

// ReadChanges is part of [wire.StoreServer].
func (s *service) ReadChanges(_ context.Context, req *wire.ReadChangesRequest) (*wire.ReadChangesReply, error) {
	if err := checkPage(req.GetLimit(), wire.MaxChangePage); err != nil {
		return nil, err
	}
	var reply *wire.ReadChangesReply
	err := s.db.read(func(tx *bbolt.Tx) error {
		guild, err := needGuild(tx, req.GetGuildId())
		if err == nil {
			reply, err = changePage(tx, guild, req)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return reply, nil
}

// changePage returns the first changes after a revision, as many as are asked for
// and fit into one reply.
func changePage(tx *bbolt.Tx, guild *wire.Guild, req *wire.ReadChangesRequest) (*wire.ReadChangesReply, error) {
	head, err := readHead(tx, guild.GetId())
	if err != nil {
		return nil, err
	}
	reply, after := &wire.ReadChangesReply{Head: head, Through: req.GetAfter()}, req.GetAfter()
	rows := tx.Bucket([]byte(bucketChanges)).Cursor()
	prefix := key(guild.GetId())
	k, _ := rows.Seek(prefix)
	oldest := head + 1 // when no row is kept
	if bytes.HasPrefix(k, prefix) {
		if oldest, err = revisionOf(k); err != nil {
			return nil, err
		}
	}
	// Who is ahead of the log knows a database that is not this one.
	if after > head || after+1 < oldest {
		reply.Gap = true
		return reply, nil
	}
	size := 0
	k, raw := rows.Seek(key(guild.GetId(), after+1))
	for ; bytes.HasPrefix(k, prefix); k, raw = rows.Next() {
		change, err := decodeChange(k, raw)
		if err != nil {
			return nil, err
		}
		told, err := fillChange(tx, guild, change)
		if err != nil {
			return nil, err
		}
		if told {
			if size += proto.Size(change); len(reply.GetChanges()) > 0 && size > wire.MaxChangeBytes {
				return reply, nil
			}
			reply.Changes = append(reply.Changes, change)
		}
		reply.Through = change.GetRevision()
		if len(reply.GetChanges()) == int(req.GetLimit()) {
			break
		}
	}
	return reply, nil
}

func decodeChange(k, raw []byte) (*wire.Change, error) {
	revision, err := revisionOf(k)
	if err != nil {
		return nil, err
	}
	change := &wire.Change{}
	if err := proto.Unmarshal(raw, change); err != nil {
		return nil, fmt.Errorf("change %x: %w", k, err)
	}
	change.Revision = revision
	return change, nil
}

// fillChange adds to a change what it is about, as it is now; false when that is
// gone since. An error is a fault, never a refusal: the row was true when it was
// written.
func fillChange(tx *bbolt.Tx, guild *wire.Guild, change *wire.Change) (told bool, err error) {
	switch change.GetKind() {
	case wire.Change_GUILD_CREATED:
		change.Guild = guild
		change.Person, err = readPerson(tx, guild.GetId(), guild.GetOwnerId())
		return true, err
	case wire.Change_CHANNEL_CREATED:
		for _, channel := range guild.GetChannels() {
			if channel.GetId() == change.GetChannelId() {
				change.Channel = channel
			}
		}
		return change.GetChannel() != nil, nil
	case wire.Change_MEMBER_ADDED:
		change.Person, err = readPerson(tx, guild.GetId(), change.GetUserId())
		return change.GetPerson().GetMember() != nil, err
	case wire.Change_MESSAGE_CREATED, wire.Change_MESSAGE_EDITED:
		k := key(change.GetChannelId(), change.GetMessageId())
		raw := tx.Bucket([]byte(bucketMessages)).Get(k)
		if raw == nil {
			return false, nil
		}
		page, err := appendMessage(nil, k, raw)
		if err != nil {
			return false, err
		}
		change.Message = page[0]
		change.Person, err = readPerson(tx, guild.GetId(), page[0].GetAuthorId())
		return true, err
	case wire.Change_MESSAGE_DELETED:
		return true, nil
	case wire.Change_UNKNOWN:
	}
	return false, fmt.Errorf("guild %d: change %d is of the unknown kind %d", guild.GetId(), change.GetRevision(), change.GetKind())
}

// readPerson returns a user who is there, with his part in a guild if he has one.
func readPerson(tx *bbolt.Tx, guild, id uint64) (*wire.Person, error) {
	user, err := readUser(tx, id)
	if err == nil && user == nil {
		err = fmt.Errorf("guild %d names user %d, who is missing", guild, id)
	}
	if err != nil {
		return nil, err
	}
	member, err := readMember(tx, guild, id)
	return person(member, user), err
}

// CheckGuilds is part of [wire.StoreServer].
func (s *service) CheckGuilds(_ context.Context, req *wire.CheckGuildsRequest) (*wire.CheckGuildsReply, error) {
	if n := len(req.GetClaims()); n > wire.MaxClaims {
		return nil, status.Errorf(codes.InvalidArgument, "%d claims: want %d at most", n, wire.MaxClaims)
	}
	reply := &wire.CheckGuildsReply{}
	err := s.db.read(func(tx *bbolt.Tx) error {
		for _, claim := range req.GetClaims() {
			head, err := checkClaim(tx, claim)
			if err != nil {
				return err
			}
			reply.Heads = append(reply.Heads, head)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return reply, nil
}

func checkClaim(tx *bbolt.Tx, claim *wire.Claim) (*wire.GuildHead, error) {
	id := claim.GetGuildId()
	head := &wire.GuildHead{GuildId: id}
	if tx.Bucket([]byte(bucketGuilds)).Get(key(id)) == nil {
		head.Stale = true
		return head, nil
	}
	newest, err := readEpoch(tx, id)
	if err != nil {
		return nil, err
	}
	head.Stale = claim.GetEpoch() != 0 && claim.GetEpoch() != newest
	head.Revision, err = readHead(tx, id)
	return head, err
}
