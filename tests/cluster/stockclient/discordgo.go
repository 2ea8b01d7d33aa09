package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/bwmarrin/discordgo"
)

// viaDiscordgo speaks version 9, asks for compressed messages, and resumes where it connected first, whatever the close
// code was.
type viaDiscordgo struct {
	session *discordgo.Session
	out     *lines
}

func newDiscordgo(rest, token string, out *lines) (client, error) {
	discordgo.EndpointGateway = strings.TrimSuffix(rest, "/") + "/api/v" + discordgo.APIVersion + "/gateway"
	session, err := discordgo.New("Bot " + token)
	if err != nil {
		return nil, fmt.Errorf("discordgo: %w", err)
	}
	to, err := url.Parse(rest)
	if err != nil {
		return nil, err
	}
	session.Client = &http.Client{Transport: redirect{to}}
	session.SyncEvents = true // in order
	session.Identify.Presence.Status = "dnd"
	session.AddHandler(func(*discordgo.Session, *discordgo.Ready) { out.print("ready") })
	session.AddHandler(func(*discordgo.Session, *discordgo.Resumed) { out.print("resumed") })
	session.AddHandler(func(_ *discordgo.Session, g *discordgo.GuildCreate) {
		out.print("guild %s %d %s", g.Name, len(g.Members), first(g.Channels).Name)
	})
	session.AddHandler(func(_ *discordgo.Session, g *discordgo.GuildDelete) {
		if g.Unavailable {
			out.print("unavailable %s", g.ID)
		}
	})
	session.AddHandler(func(_ *discordgo.Session, m *discordgo.MessageCreate) { out.print("message %s", m.Content) })
	session.AddHandler(func(_ *discordgo.Session, c *discordgo.GuildMembersChunk) {
		var names []string
		for _, m := range c.Members {
			names = append(names, m.User.Username)
		}
		out.print("members %s", strings.Join(names, " "))
	})
	return &viaDiscordgo{session, out}, nil
}

func first(channels []*discordgo.Channel) *discordgo.Channel {
	if len(channels) == 0 {
		return &discordgo.Channel{}
	}
	return channels[0]
}

func (c *viaDiscordgo) open(context.Context) error {
	if err := c.session.Open(); err != nil {
		return fmt.Errorf("discordgo: %w", err)
	}
	return nil
}

func (c *viaDiscordgo) members(_ context.Context, guild, prefix string) error {
	if err := c.session.RequestGuildMembers(guild, prefix, 0, "", true); err != nil {
		return fmt.Errorf("discordgo: %w", err)
	}
	return nil
}

func (c *viaDiscordgo) ask(words []string) (known bool, err error) {
	out := c.out
	switch {
	case len(words) == 2 && words[0] == "create":
		guild, err := c.session.GuildCreate(words[1])
		if err != nil {
			return true, err
		}
		channels, err := c.session.GuildChannels(guild.ID)
		out.print("created %s %s", guild.ID, first(channels).ID)
		return true, err
	case len(words) == 3 && words[0] == "add":
		err := c.session.GuildMemberAdd(words[1], words[2], &discordgo.GuildMemberAddParams{AccessToken: "any"})
		out.print("added %s", words[2])
		return true, err
	case len(words) == 3 && words[0] == "send":
		message, err := c.session.ChannelMessageSend(words[1], words[2])
		if err == nil {
			out.print("sent %s", message.Content)
		}
		return true, err
	case len(words) == 2 && words[0] == "read":
		messages, err := c.session.ChannelMessages(words[1], 100, "", "", "")
		var texts []string
		for _, m := range messages {
			texts = append(texts, m.Content)
		}
		out.print("read %s", strings.Join(texts, " "))
		return true, err
	}
	return false, nil
}

func (c *viaDiscordgo) leave(context.Context) error {
	if err := c.session.Close(); err != nil {
		return fmt.Errorf("discordgo: %w", err)
	}
	return nil
}
