package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/bwmarrin/discordgo"
)

// redirect sends every request to another server; the path stays.
type redirect struct{ to *url.URL }

// RoundTrip is part of [http.RoundTripper].
func (r redirect) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context())
	request.URL.Scheme, request.URL.Host = r.to.Scheme, r.to.Host
	return http.DefaultTransport.RoundTrip(request)
}

// story is what a bot does by REST alone.
type story struct {
	session        *discordgo.Session
	out            *lines
	guild, channel string
}

// heard prints what the library made of an answer.
func (s *story) heard(format string, args ...any) {
	out := s.out
	out.print(format, args...)
}

func tellStory(rest, token, member string, out *lines) error {
	to, err := url.Parse(rest)
	if err != nil {
		return err
	}
	session, err := discordgo.New("Bot " + token)
	if err != nil {
		return fmt.Errorf("discordgo: %w", err)
	}
	session.Client = &http.Client{Transport: redirect{to}}
	s := &story{session: session, out: out}
	if err := errors.Join(s.settle(member), s.look()); err != nil {
		return err
	}
	return s.talk()
}

// settle makes a guild with a second channel and a second member.
func (s *story) settle(member string) error {
	bot, err := s.session.GatewayBot()
	if err != nil {
		return fmt.Errorf("gateway/bot: %w", err)
	}
	s.heard("gateway %d", bot.SessionStartLimit.MaxConcurrency)
	guild, err := s.session.GuildCreate("harbor")
	if err != nil {
		return fmt.Errorf("create a guild: %w", err)
	}
	channels, err := s.session.GuildChannels(guild.ID)
	if err != nil || len(channels) != 1 {
		return fmt.Errorf("channels: got %d, %w", len(channels), err)
	}
	s.guild, s.channel = guild.ID, channels[0].ID
	s.heard("guild %s %s", guild.Name, channels[0].Name)
	help, err := s.session.GuildChannelCreate(guild.ID, "Help", discordgo.ChannelTypeGuildText)
	if err != nil {
		return fmt.Errorf("create a channel: %w", err)
	}
	s.heard("channel %s", help.Name)
	if err := s.session.GuildMemberAdd(guild.ID, member, &discordgo.GuildMemberAddParams{AccessToken: "any"}); err != nil {
		return fmt.Errorf("add a member: %w", err)
	}
	return nil
}

// look reads what was made.
func (s *story) look() error {
	members, err := s.session.GuildMembers(s.guild, "", 1000)
	if err != nil {
		return fmt.Errorf("members: %w", err)
	}
	s.heard("members %d", len(members))
	guilds, err := s.session.UserGuilds(100, "", "", false)
	if err != nil || len(guilds) != 1 {
		return fmt.Errorf("guilds: got %d, %w", len(guilds), err)
	}
	s.heard("guilds %s", guilds[0].Name)
	if _, err := s.session.User("@me"); err != nil {
		return fmt.Errorf("users/@me: %w", err)
	}
	if _, err := s.session.Guild(s.guild); err != nil {
		return fmt.Errorf("the guild: %w", err)
	}
	if _, err := s.session.Channel(s.channel); err != nil {
		return fmt.Errorf("the channel: %w", err)
	}
	return s.session.ChannelTyping(s.channel)
}

// talk writes, reads, changes and deletes messages.
func (s *story) talk() error {
	var said []*discordgo.Message
	for _, text := range []string{"one", "two", "three"} {
		message, err := s.session.ChannelMessageSend(s.channel, text)
		if err != nil {
			return fmt.Errorf("send: %w", err)
		}
		said = append(said, message)
	}
	if err := s.read(); err != nil {
		return err
	}
	edited, err := s.session.ChannelMessageEdit(s.channel, said[0].ID, "uno")
	if err != nil || edited.EditedTimestamp == nil {
		return fmt.Errorf("edit: got %v, %w", edited, err)
	}
	s.heard("edited %s", edited.Content)
	if err := s.session.ChannelMessageDelete(s.channel, said[1].ID); err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	if err := s.read(); err != nil {
		return err
	}
	_, err = s.session.ChannelMessage(s.channel, said[1].ID)
	s.heard("unknown %d", code(err))
	_, err = s.session.ChannelMessageSend(s.channel, " ")
	s.heard("empty %d", code(err))
	return nil
}

func (s *story) read() error {
	messages, err := s.session.ChannelMessages(s.channel, 100, "", "", "")
	if err != nil {
		return fmt.Errorf("messages: %w", err)
	}
	var texts []string
	for _, m := range messages {
		texts = append(texts, m.Content)
	}
	s.heard("messages %s", strings.Join(texts, " "))
	return nil
}

// code is Discord's number of an error, or 0.
func code(err error) int {
	if e, ok := errors.AsType[*discordgo.RESTError](err); ok && e.Message != nil {
		return e.Message.Code
	}
	return 0
}
