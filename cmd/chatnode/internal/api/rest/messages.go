package rest

import (
	"context"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/event"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// maxNonceRunes bounds a nonce that is text.
const maxNonceRunes = 25

// messageForm is what a message is made from, or changed to.
type messageForm struct {
	Content string         `json:"content"`
	Nonce   jsontext.Value `json:"nonce"`
}

// parse returns the content and the nonce, empty for none.
func (f messageForm) parse() (content, nonce string, err error) {
	if strings.TrimSpace(f.Content) == "" {
		return "", "", &fault{status: http.StatusBadRequest, code: codeEmptyMessage, message: "Cannot send an empty message"}
	}
	if utf8.RuneCountInString(f.Content) > wire.MaxContentRunes {
		return "", "", badField("content", "BASE_TYPE_MAX_LENGTH", "Must be %d or fewer in length.", wire.MaxContentRunes)
	}
	nonce, err = parseNonce(f.Nonce)
	return f.Content, nonce, err
}

// parseNonce takes a short text or a number, and null for none.
func parseNonce(raw jsontext.Value) (string, error) {
	kind := raw.Kind()
	if kind == jsontext.KindInvalid || kind == jsontext.KindNull { // there is none
		return "", nil
	}
	if kind != jsontext.KindNumber && kind != jsontext.KindString {
		return "", badField("nonce", "BASE_TYPE_BAD_TYPE", "Value has a wrong type.")
	}
	if utf8.RuneCount(raw) > maxNonceRunes+len(`""`) || len(raw) > wire.MaxNonceBytes {
		return "", badField("nonce", "BASE_TYPE_MAX_LENGTH", "Must be %d or fewer in length.", maxNonceRunes)
	}
	return string(raw), nil
}

func (s *Server) createMessage(ctx context.Context, c call) (answer, error) {
	channel, err := c.id("channel")
	if err != nil {
		return answer{}, err
	}
	content, nonce, err := readMessage(c)
	if err != nil {
		return answer{}, err
	}
	reply, err := s.fencedMessage(channel, func(epoch uint64) (*wire.MessageReply, error) {
		return s.cfg.Store.CreateMessage(ctx, &wire.CreateMessageRequest{
			ChannelId: channel, AuthorId: c.user.GetId(), Content: content, Nonce: nonce, Epoch: epoch,
		})
	})
	if err != nil {
		return answer{}, err
	}
	s.cfg.Told(ctx, event.MessageCreated(reply), nil)
	return ok(event.MessageObject(reply.GetMessage(), reply.GetAuthor().GetUser()))
}

func readMessage(c call) (content, nonce string, err error) {
	var form messageForm
	if err := readForm(c.request, &form); err != nil {
		return "", "", err
	}
	return form.parse()
}

func (s *Server) listMessages(ctx context.Context, c call) (answer, error) {
	channel, err := c.id("channel")
	if err != nil {
		return answer{}, err
	}
	p, err := parsePage(c.request.URL.Query(), 50, wire.MaxMessagePage)
	if err != nil {
		return answer{}, err
	}
	reply, err := s.cfg.Store.ListMessages(ctx, &wire.ListMessagesRequest{
		ChannelId: channel, UserId: c.user.GetId(), Before: p.before, After: p.after, Around: p.around, Limit: p.limit,
	})
	if err != nil {
		return answer{}, err
	}
	authors := make(map[uint64]*wire.User)
	for _, u := range reply.GetAuthors() {
		authors[u.GetId()] = u
	}
	messages := make([]protocol.MessageObject, 0, len(reply.GetMessages()))
	for _, m := range reply.GetMessages() {
		messages = append(messages, event.MessageObject(m, authors[m.GetAuthorId()]))
	}
	return ok(messages)
}

// names returns the ids of the channel and the message in the path.
func (c call) names() (channel, message uint64, err error) {
	if channel, err = c.id("channel"); err != nil {
		return 0, 0, err
	}
	message, err = c.id("message")
	return channel, message, err
}

func (s *Server) getMessage(ctx context.Context, c call) (answer, error) {
	channel, message, err := c.names()
	if err != nil {
		return answer{}, err
	}
	reply, err := s.cfg.Store.GetMessage(ctx, &wire.GetMessageRequest{ChannelId: channel, MessageId: message, UserId: c.user.GetId()})
	if err != nil {
		return answer{}, err
	}
	return ok(event.MessageObject(reply.GetMessage(), reply.GetAuthor().GetUser()))
}

func (s *Server) editMessage(ctx context.Context, c call) (answer, error) {
	channel, message, err := c.names()
	if err != nil {
		return answer{}, err
	}
	content, _, err := readMessage(c)
	if err != nil {
		return answer{}, err
	}
	reply, err := s.fencedMessage(channel, func(epoch uint64) (*wire.MessageReply, error) {
		return s.cfg.Store.EditMessage(ctx, &wire.EditMessageRequest{
			ChannelId: channel, MessageId: message, UserId: c.user.GetId(), Content: content, Epoch: epoch,
		})
	})
	if err != nil {
		return answer{}, err
	}
	s.cfg.Told(ctx, event.MessageEdited(reply), nil)
	return ok(event.MessageObject(reply.GetMessage(), reply.GetAuthor().GetUser()))
}

func (s *Server) deleteMessage(ctx context.Context, c call) (answer, error) {
	channel, message, err := c.names()
	if err != nil {
		return answer{}, err
	}
	reply, err := s.fencedMessage(channel, func(epoch uint64) (*wire.MessageReply, error) {
		return s.cfg.Store.DeleteMessage(ctx, &wire.DeleteMessageRequest{ChannelId: channel, MessageId: message, UserId: c.user.GetId(), Epoch: epoch})
	})
	if err != nil {
		return answer{}, err
	}
	s.cfg.Told(ctx, event.MessageDeleted(reply.GetRevision(), reply.GetMessage().GetGuildId(), channel, message), nil)
	return noContent()
}
