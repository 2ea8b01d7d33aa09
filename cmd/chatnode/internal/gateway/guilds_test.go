package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
)

// stubGuilds notes what it is told, and has guild 7 with two members.
type stubGuilds struct {
	mu    sync.Mutex
	notes []string
}

func (g *stubGuilds) note(format string, args ...any) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.notes = append(g.notes, fmt.Sprintf(format, args...))
}

func (g *stubGuilds) Opened(s protocol.SessionInfo) {
	g.note("opened for %d, guilds %v, large %d", s.User, s.Guilds, s.LargeThreshold)
}
func (g *stubGuilds) Closed(s protocol.SessionInfo) { g.note("closed for %d", s.User) }
func (g *stubGuilds) Presence(s protocol.SessionInfo, p protocol.Presence) {
	g.note("%d is %s", s.User, p.Status)
}

func (g *stubGuilds) Members(_ context.Context, guild uint64) ([]protocol.Member, error) {
	if guild != 7 {
		return nil, errors.New("no such guild")
	}
	return []protocol.Member{
		{User: 1, Names: []string{"anna"}, Object: jsontext.Value(`{"user":{"id":"1"}}`)},
		{User: 2, Names: []string{"otto"}, Object: jsontext.Value(`{"user":{"id":"2"}}`)},
	}, nil
}

func (g *stubGuilds) noted() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.notes)
}

// says waits until exactly these notes are there.
func (g *stubGuilds) says(t *testing.T, want ...string) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !slices.Equal(g.noted(), want) {
		if time.Now().After(deadline) {
			t.Fatalf("guilds were told: got %q, want %q", g.noted(), want)
		}
		<-time.After(time.Millisecond)
	}
}
