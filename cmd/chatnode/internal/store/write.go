package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// read runs a function in a transaction of its own. An error without a gRPC
// status means that the file is damaged.
func (d *database) read(do func(tx *bbolt.Tx) error) error {
	err := d.bolt.View(do)
	if err == nil || isRefusal(err) {
		return err
	}
	return damaged(err)
}

// write is update, as long as there is room.
func (d *database) write(ctx context.Context, do func(tx *bbolt.Tx) error) error {
	return d.update(ctx, func(tx *bbolt.Tx) error {
		if err := d.room(tx); err != nil {
			return err
		}
		return do(tx)
	})
}

// update runs a function in a transaction that it may share with other writes,
// and returns once that is on the disk. The function may run several times. It
// refuses with a gRPC status, and only before it has written anything: what the
// others have written is kept then. Whoever has gone away writes nothing.
func (d *database) update(ctx context.Context, do func(tx *bbolt.Tx) error) error {
	var refused error
	err := d.bolt.Batch(func(tx *bbolt.Tx) error {
		refused = nil
		fault := status.FromContextError(ctx.Err()).Err()
		if fault == nil {
			fault = do(tx)
		}
		if isRefusal(fault) {
			refused, fault = fault, nil // the others' writes are kept
		}
		return fault
	})
	if err != nil {
		return status.Errorf(codes.Internal, "the database did not take the write: %v", err)
	}
	return refused
}

// isRefusal reports whether an error is an answer to the caller, not a fault.
func isRefusal(err error) bool {
	_, ok := status.FromError(err)
	return ok && err != nil
}

// room refuses a write when the database has reached its size.
func (d *database) room(tx *bbolt.Tx) error {
	free := int64(d.bolt.Stats().FreePageN) * int64(d.bolt.Info().PageSize)
	if used := tx.Size() - free; d.limit > 0 && used >= d.limit {
		return wire.Refuse(codes.ResourceExhausted, wire.Refusal_FULL, "the database is full: %d of %d bytes are in use", used, d.limit)
	}
	return nil
}

const mintedKey = "minted"

// mint returns an id that is greater than all of its kind before, whatever the
// clock does: the last one is in the file. It writes, so refusals come before it.
func mint(tx *bbolt.Tx, k kind, now time.Time) (uint64, error) {
	rows := tx.Bucket([]byte(bucketMeta))
	var last uint64 // milliseconds since the epoch, and the count within them
	if raw := rows.Get([]byte(mintedKey)); raw != nil {
		if len(raw) != 8 {
			return 0, fmt.Errorf("the row of the last id has %d bytes, want 8", len(raw))
		}
		last = binary.BigEndian.Uint64(raw)
	}
	next := max(last+1, uint64(max(now.UnixMilli()-wire.SnowflakeEpochMS, 0))<<12)
	if err := rows.Put([]byte(mintedKey), key(next)); err != nil {
		return 0, fmt.Errorf("keep the last id: %w", err)
	}
	return snowflake(next>>12+wire.SnowflakeEpochMS, k, int(next&0xfff)), nil
}

// checkEpoch refuses a write of somebody who owned a guild until another one
// claimed it. Epoch 0 comes from somebody who owns none.
func checkEpoch(tx *bbolt.Tx, guild, epoch uint64) error {
	if epoch == 0 {
		return nil
	}
	newest, err := readEpoch(tx, guild)
	switch {
	case err != nil:
		return err
	case epoch < newest:
		return wire.Refuse(codes.FailedPrecondition, wire.Refusal_STALE_EPOCH, "guild %d was claimed again: epoch %d, the newest is %d", guild, epoch, newest)
	case epoch > newest:
		// A claim upon another database: this one was restored, or begun anew.
		return wire.Refuse(codes.FailedPrecondition, wire.Refusal_STALE_EPOCH, "guild %d: epoch %d was never given, the newest is %d", guild, epoch, newest)
	}
	return nil
}

func readEpoch(tx *bbolt.Tx, guild uint64) (uint64, error) {
	raw := tx.Bucket([]byte(bucketEpochs)).Get(key(guild))
	switch len(raw) {
	case 0:
		return 0, nil
	case 8:
		return binary.BigEndian.Uint64(raw), nil
	}
	return 0, fmt.Errorf("the epoch of guild %d has %d bytes, want 8", guild, len(raw))
}

// The functions below find what a call names, or refuse it.

func needUser(tx *bbolt.Tx, id uint64) (*wire.User, error) {
	user, err := readUser(tx, id)
	if err == nil && user == nil {
		err = wire.Refuse(codes.NotFound, wire.Refusal_UNKNOWN_USER, "no user has the id %d", id)
	}
	return user, err
}

func needGuild(tx *bbolt.Tx, id uint64) (*wire.Guild, error) {
	guild, err := readGuild(tx, id)
	if err == nil && guild == nil {
		err = wire.Refuse(codes.NotFound, wire.Refusal_UNKNOWN_GUILD, "no guild has the id %d", id)
	}
	return guild, err
}

// needAccess returns a user's part in a guild.
func needAccess(tx *bbolt.Tx, guild, user uint64) (*wire.Member, error) {
	member, err := readMember(tx, guild, user)
	if err == nil && member == nil {
		err = wire.Refuse(codes.PermissionDenied, wire.Refusal_NO_ACCESS, "user %d is not in guild %d", user, guild)
	}
	return member, err
}

// needChannel returns the guild of a channel that a user sees, and his part in it.
func needChannel(tx *bbolt.Tx, channel, user uint64) (guild uint64, member *wire.Member, err error) {
	raw := tx.Bucket([]byte(bucketChannels)).Get(key(channel))
	switch len(raw) {
	case 0:
		return 0, nil, wire.Refuse(codes.NotFound, wire.Refusal_UNKNOWN_CHANNEL, "no channel has the id %d", channel)
	case 8:
		guild = binary.BigEndian.Uint64(raw)
		member, err = needAccess(tx, guild, user)
		return guild, member, err
	}
	return 0, nil, fmt.Errorf("the row of channel %d has %d bytes, want 8", channel, len(raw))
}
