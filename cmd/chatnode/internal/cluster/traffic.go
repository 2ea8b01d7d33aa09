package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/load"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/store"
)

const (
	// hearLimit is how long an act waits until it is known who has heard the last messages.
	hearLimit = 15 * time.Second
	// guildLimit is how long the users' guilds may take once all are connected.
	guildLimit = 20 * time.Second
	// readBackLimit is how long it reads acknowledged messages back.
	readBackLimit = 2 * time.Minute
	// maxAckedReply bounds the list of acknowledged messages, 64 bytes each.
	maxAckedReply = 128 << 20
)

// Traffic is what happened to messages and guilds in one act, and to those who
// tell each other.
type Traffic struct {
	// MessagesAcked counts messages that an API node acknowledged, from the act's
	// beginning until they were read back, and MessagesLost those of them that could
	// not be read by GET then. What a load that died had written is not read back.
	MessagesAcked int64 `json:"messages_acked"`
	MessagesLost  int64 `json:"messages_lost"`
	// MessagesUndelivered counts those that some session which had the guild all the
	// time was not told within 10 s; see package load.
	MessagesUndelivered int64 `json:"messages_undelivered"`
	// GuildsUnavailableMax is the most guilds that were unavailable to some connected
	// session at once, from the cut write on.
	GuildsUnavailableMax int `json:"guilds_unavailable_max"`
	// ReconnectAttempts counts connections begun since the cut write, when all users
	// were connected, and ResumesOK those that went on with an earlier session.
	ReconnectAttempts int64 `json:"reconnect_attempts"`
	ResumesOK         int64 `json:"resumes_ok"`
}

// traffic computes that from the load's readings and from what was read back.
func (r *record) traffic(cut time.Time) Traffic {
	t := Traffic{MessagesLost: int64(r.read.Lost)}
	all := r.samples(time.Time{})
	for i, s := range all {
		if i < len(all)-1 && all[i+1].Life == s.Life {
			continue
		}
		// The end of a life of the load: the next one counts from zero.
		t.MessagesUndelivered += s.Undelivered
		if i == len(all)-1 && r.read.Read > 0 {
			t.MessagesAcked += int64(r.read.Read) // and not those that came after that
			continue
		}
		t.MessagesAcked += s.Acked
	}
	if cut.IsZero() {
		return t
	}
	samples := r.samples(cut)
	for i, s := range samples {
		if i == 0 {
			continue // the base line
		}
		t.GuildsUnavailableMax = max(t.GuildsUnavailableMax, s.Unavailable)
		before := samples[i-1]
		if before.Life != s.Life {
			before = loadSampled{}
		}
		t.ReconnectAttempts += s.Attempts - before.Attempts
		t.ResumesOK += s.Resumed - before.Resumed
	}
	return t
}

// awaitGuilds waits until every user has got every guild, so that what is missing
// afterwards is the poison's doing. Guilds that do not come are a note.
func (a *act) awaitGuilds(ctx context.Context) error {
	err := a.journal.await(ctx, guildLimit, func(b *board) bool { return b.load.Awaited == 0 && b.load.Unavailable == 0 })
	if !errors.Is(err, errTimeLimit) {
		return err
	}
	awaited := 0
	a.journal.look(func(b *board) { awaited = b.load.Awaited })
	a.note("users still wait for %s (%v)", count(awaited, "guild"), err)
	return nil
}

// readBack waits until it is known who has heard the messages up to now, and
// asks for every message that was acknowledged.
func (a *act) readBack(ctx context.Context) error {
	if a.cfg.Messages < 0 {
		return nil
	}
	until := time.Now()
	err := a.journal.await(ctx, hearLimit, func(b *board) bool {
		return b.load.Open.IsZero() && b.load.At.After(until) || b.load.Open.After(until)
	})
	if err != nil && !errors.Is(err, errTimeLimit) {
		return err
	}
	acked, err := readAcked(ctx, a.layout.load.adminURL())
	if err != nil {
		a.note("acknowledged messages could not be read back: %v", err)
		return ctx.Err()
	}
	reader := load.NewReader(a.layout.rest(), func(user int) string { return store.Token(a.cfg.Seed, user) })
	defer reader.Close()
	bounded, cancel := context.WithTimeout(ctx, readBackLimit)
	defer cancel()
	a.read = reader.Check(bounded, acked)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if a.read.Unknown > 0 {
		a.note("%s could not be read back: %s", count(a.read.Unknown, "acknowledged message"), a.read.Trouble)
	}
	a.say("%s read back, %s lost", count(a.read.Read-a.read.Unknown, "acknowledged message"), thousands(a.read.Lost))
	return nil
}

// note keeps what did not go as it should for the results, and says it.
func (a *act) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	a.notes = append(a.notes, text)
	a.say("%s", text)
}

// readAcked asks the load which messages were acknowledged.
func readAcked(ctx context.Context, admin string) ([]load.Acked, error) {
	var answer struct {
		Messages []load.Acked `json:"messages"`
	}
	status, body, err := getAtMost(ctx, admin+"/admin/acked", maxAckedReply)
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK {
		return nil, fmt.Errorf("/admin/acked of the load: status %d", status)
	}
	err = json.Unmarshal(body, &answer)
	return answer.Messages, err
}
