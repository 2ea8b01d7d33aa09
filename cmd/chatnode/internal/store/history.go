package store

import (
	"bytes"
	"fmt"
	"math"
	"slices"

	"go.etcd.io/bbolt"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// newestFirst is later than every message.
const newestFirst = math.MaxUint64

// messagePage returns the messages that a request asks for, the newest first.
func messagePage(tx *bbolt.Tx, req *wire.ListMessagesRequest) ([]*wire.Message, error) {
	channel, limit := req.GetChannelId(), int(req.GetLimit())
	switch {
	case req.GetAfter() == newestFirst:
		return nil, nil
	case req.GetAfter() != 0:
		return newerMessages(tx, channel, req.GetAfter()+1, limit)
	case req.GetAround() != 0:
		newer, err := newerMessages(tx, channel, req.GetAround(), limit-limit/2)
		if err != nil {
			return nil, err
		}
		older, err := olderMessages(tx, channel, req.GetAround(), limit/2)
		return append(newer, older...), err
	case req.GetBefore() != 0:
		return olderMessages(tx, channel, req.GetBefore(), limit)
	}
	return olderMessages(tx, channel, newestFirst, limit)
}

// olderMessages returns the last messages with an id below one.
func olderMessages(tx *bbolt.Tx, channel, below uint64, limit int) (page []*wire.Message, err error) {
	rows := tx.Bucket([]byte(bucketMessages)).Cursor()
	prefix := key(channel)
	step := rows.Prev
	if k, _ := rows.Seek(key(channel, below)); k == nil {
		step = rows.Last
	}
	k, raw := step()
	for ; len(page) < limit && bytes.HasPrefix(k, prefix); k, raw = rows.Prev() {
		if page, err = appendMessage(page, k, raw); err != nil {
			return nil, err
		}
	}
	return page, nil
}

// newerMessages returns the first messages with an id of at least one.
func newerMessages(tx *bbolt.Tx, channel, from uint64, limit int) (page []*wire.Message, err error) {
	rows := tx.Bucket([]byte(bucketMessages)).Cursor()
	prefix := key(channel)
	for k, raw := rows.Seek(key(channel, from)); len(page) < limit && bytes.HasPrefix(k, prefix); k, raw = rows.Next() {
		if page, err = appendMessage(page, k, raw); err != nil {
			return nil, err
		}
	}
	slices.Reverse(page)
	return page, nil
}

func appendMessage(page []*wire.Message, k, raw []byte) ([]*wire.Message, error) {
	message := &wire.Message{}
	if err := proto.Unmarshal(raw, message); err != nil {
		return nil, fmt.Errorf("message %x: %w", k, err)
	}
	return append(page, message), nil
}

func needMessage(tx *bbolt.Tx, channel, id uint64) (*wire.Message, error) {
	k := key(channel, id)
	raw := tx.Bucket([]byte(bucketMessages)).Get(k)
	if raw == nil {
		return nil, wire.Refuse(codes.NotFound, wire.Refusal_UNKNOWN_MESSAGE, "channel %d has no message %d", channel, id)
	}
	page, err := appendMessage(nil, k, raw)
	if err != nil {
		return nil, err
	}
	return page[0], nil
}

func writeMessage(tx *bbolt.Tx, message *wire.Message) error {
	return put(tx, bucketMessages, key(message.GetChannelId(), message.GetId()), message)
}
