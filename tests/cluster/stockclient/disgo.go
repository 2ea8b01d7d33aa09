package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/disgoorg/disgo/gateway"
	"github.com/disgoorg/snowflake/v2"
)

// viaDisgo speaks version 10, asks for compressed messages, and resumes at the URL of READY.
type viaDisgo struct{ gateway gateway.Gateway }

func newDisgo(url, token string, out *lines) client {
	intents := gateway.IntentGuilds | gateway.IntentGuildMembers | gateway.IntentGuildMessages | gateway.IntentMessageContent
	heard := func(kind gateway.EventType, _, _ int, data gateway.EventData) { heardByDisgo(out, kind, data) }
	return &viaDisgo{gateway.New(token, heard, nil, gateway.WithURL(url), gateway.WithIntents(intents), gateway.WithCompress(true),
		gateway.WithPresenceOpts(gateway.WithOnlineStatus("idle")), gateway.WithLogger(slog.New(slog.NewTextHandler(io.Discard, nil))))}
}

func heardByDisgo(out *lines, kind gateway.EventType, data gateway.EventData) {
	switch e := data.(type) {
	case gateway.EventReady:
		out.print("ready")
	case gateway.EventGuildCreate:
		name := ""
		if len(e.Channels) > 0 {
			name = e.Channels[0].Name()
		}
		out.print("guild %s %d %s", e.Name, len(e.Members), name)
	case gateway.EventGuildDelete:
		if e.Unavailable {
			out.print("unavailable %s", e.ID)
		}
	case gateway.EventMessageCreate:
		out.print("message %s", e.Content)
	case gateway.EventGuildMembersChunk:
		var names []string
		for _, m := range e.Members {
			names = append(names, m.User.Username)
		}
		out.print("members %s", strings.Join(names, " "))
	default:
		if kind == gateway.EventTypeResumed {
			out.print("resumed")
		}
	}
}

func (c *viaDisgo) open(ctx context.Context) error {
	if err := c.gateway.Open(ctx); err != nil {
		return fmt.Errorf("disgo: %w", err)
	}
	return nil
}

func (c *viaDisgo) members(ctx context.Context, guild, prefix string) error {
	id, err := snowflake.Parse(guild)
	if err != nil {
		return fmt.Errorf("disgo: %w", err)
	}
	limit := 100
	err = c.gateway.Send(ctx, gateway.OpcodeRequestGuildMembers,
		gateway.MessageDataRequestGuildMembers{GuildID: id, Query: &prefix, Limit: &limit})
	if err != nil {
		return fmt.Errorf("disgo: %w", err)
	}
	return nil
}

func (c *viaDisgo) ask([]string) (known bool, err error) { return false, nil }

func (c *viaDisgo) leave(ctx context.Context) error {
	c.gateway.Close(ctx)
	return nil
}
