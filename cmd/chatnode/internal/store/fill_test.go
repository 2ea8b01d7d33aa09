package store

import (
	"bytes"
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"
	"go.etcd.io/bbolt"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

func open(t *testing.T, folder string) *database {
	t.Helper()
	d, err := openDatabase(folder)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() { _ = d.close() })
	return d
}

func filled(t *testing.T, folder string, want meta) *database {
	t.Helper()
	d := open(t, folder)
	refill(t, d, want)
	return d
}

func refill(t *testing.T, d *database, want meta) {
	t.Helper()
	if _, err := d.fill(t.Context(), want, zerolog.Nop()); err != nil {
		t.Fatalf("fill with %+v: %v", want, err)
	}
}

// dump returns every row of every bucket.
func dump(t *testing.T, d *database) map[string]string {
	t.Helper()
	rows := make(map[string]string)
	err := d.bolt.View(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
			return b.ForEach(func(k, v []byte) error {
				rows[string(name)+"/"+string(k)] = string(v)
				return nil
			})
		})
	})
	if err != nil {
		t.Fatalf("dump: %v", err)
	}
	return rows
}

func TestSameSeedSameContent(t *testing.T) {
	want := meta{Seed: 42, Users: 300, Guilds: 12}
	first := dump(t, filled(t, t.TempDir(), want))
	if second := dump(t, filled(t, t.TempDir(), want)); !maps.Equal(first, second) {
		t.Errorf("two folders of one seed: got %d and %d rows that differ, want them equal", len(first), len(second))
	}
	want.Seed = 43
	other := dump(t, filled(t, t.TempDir(), want))
	for k := range other {
		if strings.HasPrefix(k, bucketTokens) && first[k] != "" {
			t.Fatalf("two seeds: they share a token")
		}
	}
}

// However a folder grew, it is what it would be had it been filled at once.
func TestGrowingByUsersIsFillingAtOnce(t *testing.T) {
	const seed = 7
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 10 {
		guilds := uint64(r.IntN(40))
		steps := []uint64{guilds + uint64(r.IntN(100))}
		d := filled(t, t.TempDir(), meta{Seed: seed, Users: steps[0], Guilds: guilds})
		for range 3 {
			steps = append(steps, uint64(r.IntN(300)))
			refill(t, d, meta{Seed: seed, Users: steps[len(steps)-1], Guilds: uint64(r.IntN(int(guilds + 1)))})
		}
		grown := dump(t, d)
		atOnce := dump(t, filled(t, t.TempDir(), meta{Seed: seed, Users: slices.Max(steps), Guilds: guilds}))
		if !maps.Equal(grown, atOnce) {
			t.Errorf("%d guilds, users in steps %v: the rows differ from those made at once", guilds, steps)
		}
	}
}

// Every reference in the database is answered from the other side.
func TestContentIsConsistent(t *testing.T) {
	d := filled(t, t.TempDir(), meta{Seed: 1, Users: 250, Guilds: 20})
	checkContent(t, d, 1)
	refill(t, d, meta{Seed: 1, Users: 400, Guilds: 60}) // 40 new guilds, owned by users who are there
	checkContent(t, d, 1)
}

func checkContent(t *testing.T, d *database, seed uint64) {
	t.Helper()
	m, _, err := d.stats()
	if err != nil {
		t.Fatalf("stats: %v", err)
	}
	memberships, names := 0, make(map[string]bool)
	for n := range int(m.Users) {
		user, err := d.userByToken(Token(seed, n))
		if err != nil || user == nil {
			t.Fatalf("user %d by token: got %v, %v", n, user, err)
		}
		if names[user.GetUsername()] || len(user.GetUsername()) > 32 {
			t.Errorf("user %d: name %q is taken or too long", n, user.GetUsername())
		}
		names[user.GetUsername()] = true
		if m.Guilds > 0 && len(user.GetGuildIds()) == 0 {
			t.Errorf("user %d: in no guild, want one at least", n)
		}
		memberships += len(user.GetGuildIds())
	}
	for g := range int(m.Guilds) {
		reply, err := d.guild(seededID(kindGuild, g, 0), false)
		if err != nil || reply.GetGuild() == nil {
			t.Fatalf("guild %d: got %v, %v", g, reply, err)
		}
		guild := reply.GetGuild()
		memberships -= len(guild.GetMembers())
		checkGuild(t, d, guild)
	}
	if memberships != 0 {
		t.Errorf("memberships: users name %d more than guilds do, want as many", memberships)
	}
}

func checkGuild(t *testing.T, d *database, guild *wire.Guild) {
	t.Helper()
	if len(guild.GetChannels()) < 3 || guild.GetName() == "" {
		t.Errorf("guild %d: got %d channels and the name %q, want 3 at least and a name", guild.GetId(), len(guild.GetChannels()), guild.GetName())
	}
	ownerIsMember, before := false, uint64(0)
	for _, member := range guild.GetMembers() {
		if member.GetUserId() <= before {
			t.Errorf("guild %d: member %d after %d, want them sorted", guild.GetId(), member.GetUserId(), before)
		}
		before = member.GetUserId()
		ownerIsMember = ownerIsMember || before == guild.GetOwnerId()
		user, err := d.user(before)
		if err != nil || user == nil || !slices.Contains(user.GetGuildIds(), guild.GetId()) {
			t.Errorf("guild %d: member %d: got %v, %v, want a user who names the guild", guild.GetId(), before, user, err)
		}
	}
	if !ownerIsMember {
		t.Errorf("guild %d: owner %d is no member", guild.GetId(), guild.GetOwnerId())
	}
}

func TestReopeningKeepsWhatIsThere(t *testing.T) {
	folder := t.TempDir()
	want := meta{Seed: 1, Users: 50, Guilds: 5}
	d := filled(t, folder, want)
	user, err := d.user(seededID(kindUser, 3, 0))
	if err != nil {
		t.Fatalf("read user 3: %v", err)
	}
	user.GlobalName = "changed since"
	if err := d.bolt.Update(func(tx *bbolt.Tx) error { return writeUser(tx, user) }); err != nil {
		t.Fatalf("change user 3: %v", err)
	}
	before := dump(t, d)
	if err := d.close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	for _, smaller := range []meta{want, {Seed: 1}} {
		d = filled(t, folder, smaller)
		if after := dump(t, d); !maps.Equal(before, after) {
			t.Errorf("reopened with %+v: the rows changed, want them as they were", smaller)
		}
		_ = d.close()
	}
}

func TestFillStopsBetweenBatches(t *testing.T) {
	d := open(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	log := zerolog.New(writerFunc(func([]byte) { cancel() })) // at the first batch
	want := meta{Seed: 1, Users: 2*batchRecords + 1}
	m, err := d.fill(ctx, want, log)
	if err != nil || m.Users != batchRecords {
		t.Fatalf("fill that was stopped: got %d users, %v, want %d, nil", m.Users, err, batchRecords)
	}
	refill(t, d, want)
	if m, _, err = d.stats(); err != nil || m.Users != want.Users {
		t.Errorf("fill that went on: got %d users, %v, want %d", m.Users, err, want.Users)
	}
}

type writerFunc func([]byte)

func (f writerFunc) Write(p []byte) (int, error) { f(p); return len(p), nil }

func TestFillRefusals(t *testing.T) {
	for _, row := range []struct {
		name string
		want meta
		text string
	}{
		{"another seed", meta{Seed: 2, Users: 10}, "filled from seed 1, not 2"},
		{"more guilds than users", meta{Seed: 1, Guilds: 11}, "11 guilds for 10 users"},
	} {
		d := filled(t, t.TempDir(), meta{Seed: 1, Users: 10, Guilds: 2})
		before := dump(t, d)
		_, err := d.fill(t.Context(), row.want, zerolog.Nop())
		if err == nil || !strings.Contains(err.Error(), row.text) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v, want one line with %q", row.name, err, row.text)
		}
		if !maps.Equal(before, dump(t, d)) {
			t.Errorf("%s: the rows changed", row.name)
		}
	}
}

func TestTokensAreNotInTheFile(t *testing.T) {
	d := filled(t, t.TempDir(), meta{Seed: 1, Users: 10})
	for k, v := range dump(t, d) {
		for n := range 10 {
			if token := []byte(Token(1, n)); bytes.Contains([]byte(k+v), token) {
				t.Fatalf("row %q: it holds the token of user %d", k, n)
			}
		}
	}
}
