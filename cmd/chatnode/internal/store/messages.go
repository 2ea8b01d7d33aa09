package store

import (
	"context"
	"unicode/utf8"

	"go.etcd.io/bbolt"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// CreateMessage is part of [wire.StoreServer].
func (s *service) CreateMessage(ctx context.Context, req *wire.CreateMessageRequest) (*wire.MessageReply, error) {
	if err := checkText(req.GetContent(), req.GetNonce()); err != nil {
		return nil, err
	}
	reply := &wire.MessageReply{}
	err := s.db.write(ctx, func(tx *bbolt.Tx) error {
		guild, member, err := needChannel(tx, req.GetChannelId(), req.GetAuthorId())
		if err != nil {
			return err
		}
		author, err := needUser(tx, req.GetAuthorId())
		if err != nil {
			return err
		}
		if err := checkEpoch(tx, guild, req.GetEpoch()); err != nil {
			return err
		}
		id, err := mint(tx, kindMessage, s.now())
		if err != nil {
			return err
		}
		reply.Author = person(member, author)
		reply.Message = &wire.Message{
			Id: id, ChannelId: req.GetChannelId(), GuildId: guild, AuthorId: req.GetAuthorId(),
			Content: req.GetContent(), Nonce: req.GetNonce(),
		}
		return keepMessage(tx, reply, wire.Change_MESSAGE_CREATED)
	})
	if err != nil {
		return nil, err
	}
	return reply, nil
}

func checkText(content, nonce string) error {
	if n := utf8.RuneCountInString(content); n < 1 || n > wire.MaxContentRunes {
		return status.Errorf(codes.InvalidArgument, "a message of %d characters: want 1 to %d", n, wire.MaxContentRunes)
	}
	if n := len(nonce); n > wire.MaxNonceBytes {
		return status.Errorf(codes.InvalidArgument, "a nonce of %d bytes: want %d at most", n, wire.MaxNonceBytes)
	}
	return nil
}

// GetMessage is part of [wire.StoreServer].
func (s *service) GetMessage(_ context.Context, req *wire.GetMessageRequest) (*wire.MessageReply, error) {
	var reply *wire.MessageReply
	err := s.db.read(func(tx *bbolt.Tx) error {
		if _, _, err := needChannel(tx, req.GetChannelId(), req.GetUserId()); err != nil {
			return err
		}
		message, err := needMessage(tx, req.GetChannelId(), req.GetMessageId())
		if err != nil {
			return err
		}
		reply, err = withAuthor(tx, message)
		return err
	})
	if err != nil {
		return nil, err
	}
	return reply, nil
}

// ListMessages is part of [wire.StoreServer].
func (s *service) ListMessages(_ context.Context, req *wire.ListMessagesRequest) (*wire.ListMessagesReply, error) {
	if err := checkPage(req.GetLimit(), wire.MaxMessagePage); err != nil {
		return nil, err
	}
	reply := &wire.ListMessagesReply{}
	err := s.db.read(func(tx *bbolt.Tx) (err error) {
		if _, _, err := needChannel(tx, req.GetChannelId(), req.GetUserId()); err != nil {
			return err
		}
		if reply.Messages, err = messagePage(tx, req); err != nil {
			return err
		}
		known := make(map[uint64]bool)
		for _, message := range reply.GetMessages() {
			if known[message.GetAuthorId()] {
				continue
			}
			known[message.GetAuthorId()] = true
			author, err := needUser(tx, message.GetAuthorId())
			if err != nil {
				return err
			}
			reply.Authors = append(reply.Authors, withoutGuilds(author))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return reply, nil
}

// EditMessage is part of [wire.StoreServer].
func (s *service) EditMessage(ctx context.Context, req *wire.EditMessageRequest) (*wire.MessageReply, error) {
	if err := checkText(req.GetContent(), ""); err != nil {
		return nil, err
	}
	var reply *wire.MessageReply
	err := s.db.write(ctx, func(tx *bbolt.Tx) error {
		guild, _, err := needChannel(tx, req.GetChannelId(), req.GetUserId())
		if err != nil {
			return err
		}
		message, err := needMessage(tx, req.GetChannelId(), req.GetMessageId())
		if err != nil {
			return err
		}
		if message.GetAuthorId() != req.GetUserId() {
			return wire.Refuse(codes.PermissionDenied, wire.Refusal_NOT_AUTHOR, "user %d did not write message %d", req.GetUserId(), message.GetId())
		}
		if err := checkEpoch(tx, guild, req.GetEpoch()); err != nil {
			return err
		}
		if reply, err = withAuthor(tx, message); err != nil {
			return err
		}
		message.Content, message.EditedAtMs = req.GetContent(), s.now().UnixMilli()
		return keepMessage(tx, reply, wire.Change_MESSAGE_EDITED)
	})
	if err != nil {
		return nil, err
	}
	return reply, nil
}

// DeleteMessage is part of [wire.StoreServer].
func (s *service) DeleteMessage(ctx context.Context, req *wire.DeleteMessageRequest) (*wire.MessageReply, error) {
	var reply *wire.MessageReply
	err := s.db.update(ctx, func(tx *bbolt.Tx) error {
		id, _, err := needChannel(tx, req.GetChannelId(), req.GetUserId())
		if err != nil {
			return err
		}
		message, err := needMessage(tx, req.GetChannelId(), req.GetMessageId())
		if err != nil {
			return err
		}
		if message.GetAuthorId() != req.GetUserId() {
			guild, err := needGuild(tx, id)
			if err != nil {
				return err
			}
			if err := checkOwner(guild, req.GetUserId()); err != nil {
				return err
			}
		}
		if err := checkEpoch(tx, id, req.GetEpoch()); err != nil {
			return err
		}
		if reply, err = withAuthor(tx, message); err != nil {
			return err
		}
		if err := tx.Bucket([]byte(bucketMessages)).Delete(key(req.GetChannelId(), message.GetId())); err != nil {
			return err
		}
		return logMessage(tx, reply, wire.Change_MESSAGE_DELETED)
	})
	if err != nil {
		return nil, err
	}
	return reply, nil
}

// keepMessage writes the message of a reply, and the change that it is.
func keepMessage(tx *bbolt.Tx, reply *wire.MessageReply, kind wire.Change_Kind) error {
	if err := writeMessage(tx, reply.GetMessage()); err != nil {
		return err
	}
	return logMessage(tx, reply, kind)
}

// logMessage writes what became of the message of a reply into the log of its
// guild, and the revision into the reply.
func logMessage(tx *bbolt.Tx, reply *wire.MessageReply, kind wire.Change_Kind) (err error) {
	message := reply.GetMessage()
	reply.Revision, err = addChange(tx, message.GetGuildId(), &wire.Change{
		Kind: kind, ChannelId: message.GetChannelId(), MessageId: message.GetId(),
	})
	return err
}

// withAuthor adds to a message who wrote it.
func withAuthor(tx *bbolt.Tx, message *wire.Message) (*wire.MessageReply, error) {
	author, err := needUser(tx, message.GetAuthorId())
	if err != nil {
		return nil, err
	}
	member, err := readMember(tx, message.GetGuildId(), message.GetAuthorId())
	if err != nil {
		return nil, err
	}
	return &wire.MessageReply{Message: message, Author: person(member, author)}, nil
}
