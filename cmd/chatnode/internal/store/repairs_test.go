package store

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.etcd.io/bbolt"
	"google.golang.org/protobuf/proto"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/work"
)

// seeded is a database with some users and guilds, and one message in the first
// channel of guild 0.
func seeded(t *testing.T) *database {
	t.Helper()
	return seededWith(t, 40)
}

func seededWith(t *testing.T, users uint64) *database {
	t.Helper()
	db, err := openDatabase(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.close() })
	if _, err := db.fill(t.Context(), meta{Seed: 5, Users: users, Guilds: 4}, Config{}.Log); err != nil {
		t.Fatal(err)
	}
	s := &service{db: db, now: time.Now}
	request := &wire.CreateMessageRequest{ChannelId: seededID(kindChannel, 0, 0), AuthorId: seededID(kindUser, 0, 0), Content: "hello"}
	if _, err := s.CreateMessage(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	return db
}

// pass reads everything once.
func pass(t *testing.T, db *database) *Pass {
	t.Helper()
	r := repairsOf(t, Config{RepairShare: 0.5, InFlight: 4})
	r.scan = newScan(time.Now())
	for ended := false; !ended; {
		ended = r.turn(t.Context(), db)
	}
	return r.Status().LastPass
}

func repairsOf(t *testing.T, cfg Config) *Repairs {
	t.Helper()
	lane, err := work.New("store", cfg.lane(), 0)
	if err != nil {
		t.Fatal(err)
	}
	return newRepairs(cfg, lane)
}

func rowsOf(t *testing.T, db *database) (n uint64) {
	t.Helper()
	err := db.bolt.View(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(_ []byte, b *bbolt.Bucket) error { n += uint64(b.Stats().KeyN); return nil })
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAWholeDatabaseHasNoFaults(t *testing.T) {
	db := seeded(t)
	if p := pass(t, db); p.Found != 0 || p.Rows != rowsOf(t, db) || p.Ended.IsZero() {
		t.Errorf("pass: got %+v, want all %d rows read and nothing found", p, rowsOf(t, db))
	}
}

// Each kind of damage is found in the row where it is, and only what follows from
// other rows is written.
func TestDamageIsFound(t *testing.T) {
	user, guild, channel := seededID(kindUser, 7, 0), seededID(kindGuild, 1, 0), seededID(kindChannel, 1, 0)
	other := seededID(kindChannel, 0, 0)
	change := func(tx *bbolt.Tx, bucket string, k []byte, record proto.Message, do func()) error {
		if err := proto.Unmarshal(tx.Bucket([]byte(bucket)).Get(k), record); err != nil {
			return err
		}
		do()
		return put(tx, bucket, k, record)
	}
	write := func(bucket string, k, raw []byte) func(*bbolt.Tx) error {
		return func(tx *bbolt.Tx) error { return tx.Bucket([]byte(bucket)).Put(k, raw) }
	}
	remove := func(bucket string, k []byte) func(*bbolt.Tx) error {
		return func(tx *bbolt.Tx) error { return tx.Bucket([]byte(bucket)).Delete(k) }
	}
	message := func(tx *bbolt.Tx) []byte { k, _ := tx.Bucket([]byte(bucketMessages)).Cursor().First(); return k }
	for _, row := range []struct {
		name     string
		damage   func(tx *bbolt.Tx) error
		bucket   string
		what     string
		found    uint64
		repaired uint64
	}{
		{"nothing", func(tx *bbolt.Tx) error {
			return change(tx, bucketUsers, key(user), &wire.User{}, func() {})
		}, "", "", 0, 0},
		{"a user that does not decode", write(bucketUsers, key(user), []byte{0xff}), bucketUsers, "does not decode", 0, 0},
		{"a user's key", write(bucketUsers, []byte("short"), nil), bucketUsers, "key has 5 bytes", 1, 0},
		{"a user without a name", func(tx *bbolt.Tx) error {
			u := &wire.User{}
			return change(tx, bucketUsers, key(user), u, func() { u.Username = "" })
		}, bucketUsers, "no name", 1, 0},
		{"a user with another id", func(tx *bbolt.Tx) error {
			u := &wire.User{}
			return change(tx, bucketUsers, key(user), u, func() { u.Id++ })
		}, bucketUsers, "says that it is user", 1, 0},
		{"a user who knows a guild that does not know him", func(tx *bbolt.Tx) error {
			u := &wire.User{}
			return change(tx, bucketUsers, key(user), u, func() { u.GuildIds = append(u.GuildIds, 99) })
		}, bucketUsers, "guild 99, which does not have it", 1, 0},
		{"a user twice in a guild", func(tx *bbolt.Tx) error {
			u := &wire.User{}
			return change(tx, bucketUsers, key(user), u, func() { u.GuildIds = append(u.GuildIds, u.GetGuildIds()[0]) })
		}, bucketUsers, "twice", 1, 0},
		{"a member whom the user does not know", func(tx *bbolt.Tx) error {
			u := &wire.User{}
			return change(tx, bucketUsers, key(user), u, func() { u.GuildIds = u.GetGuildIds()[1:] })
		}, bucketMembers, "does not know that guild", 1, 0},
		{"a user who is gone", remove(bucketUsers, key(user)), bucketTokens, "who is missing", 0, 0},
		{"a token", write(bucketTokens, key(1, 2, 3, 4), []byte("x")), bucketTokens, "1 bytes, want 8", 1, 0},
		{"a guild that does not decode", write(bucketGuilds, key(guild), []byte{0xff}), bucketGuilds, "does not decode", 0, 0},
		{"a guild without its owner", func(tx *bbolt.Tx) error {
			g := &wire.Guild{}
			return change(tx, bucketGuilds, key(guild), g, func() { g.OwnerId = 9 })
		}, bucketGuilds, "owner 9 is no member", 1, 0},
		{"a guild with a channel twice", func(tx *bbolt.Tx) error {
			g := &wire.Guild{}
			return change(tx, bucketGuilds, key(guild), g, func() { g.Channels = append(g.Channels, g.GetChannels()[0]) })
		}, bucketGuilds, "twice", 1, 0},
		{"a channel without its row", remove(bucketChannels, key(channel)), bucketGuilds, "does not lead to it", 1, 1},
		{"a channel that leads elsewhere", write(bucketChannels, key(channel), key(seededID(kindGuild, 2, 0))), bucketGuilds, "does not lead to it", 1, 1},
		{"a channel of two guilds", func(tx *bbolt.Tx) error {
			g := &wire.Guild{}
			return change(tx, bucketGuilds, key(guild), g, func() { g.Channels = append(g.Channels, &wire.Channel{Id: other}) })
		}, bucketGuilds, "also one of guild", 1, 0},
		{"a channel of nobody", write(bucketChannels, key(4711), key(guild)), bucketChannels, "does not have it", 1, 0},
		{"a member of nothing", write(bucketMembers, key(4711, user), nil), bucketMembers, "", 1, 0},
		{"a message that does not decode", func(tx *bbolt.Tx) error {
			return tx.Bucket([]byte(bucketMessages)).Put(message(tx), []byte{0xff})
		}, bucketMessages, "does not decode", 1, 0},
		{"a message of a guild that is not its channel's", func(tx *bbolt.Tx) error {
			m := &wire.Message{}
			return change(tx, bucketMessages, message(tx), m, func() { m.GuildId = guild })
		}, bucketMessages, "not in guild", 1, 0},
		{"a message by nobody", func(tx *bbolt.Tx) error {
			m := &wire.Message{}
			return change(tx, bucketMessages, message(tx), m, func() { m.AuthorId = 9 })
		}, bucketMessages, "author 9 is missing", 1, 0},
		{"an epoch of no guild", write(bucketEpochs, key(9), key(1)), bucketEpochs, "guild 9 is missing", 1, 0},
		{"a short epoch", write(bucketEpochs, key(guild), []byte{1}), bucketEpochs, "1 bytes", 1, 0},
		{"a hole in a log", func(tx *bbolt.Tx) error {
			rows, err := tx.CreateBucketIfNotExists([]byte(bucketChanges))
			for _, revision := range []uint64{2, 3, 5, 6} {
				if err == nil {
					err = rows.Put(key(guild, revision), nil)
				}
			}
			return err
		}, bucketChanges, "there is a hole", 1, 0},
		{"a change that does not decode", write(bucketChanges, key(guild, 2), []byte{0xff}), bucketChanges, "does not decode", 1, 0},
		{"a log that begins late", func(tx *bbolt.Tx) error {
			rows, err := tx.CreateBucketIfNotExists([]byte(bucketChanges))
			if err != nil {
				return err
			}
			return rows.Put(key(guild, 77), nil)
		}, "", "", 0, 0},
		{"fewer users than there are said to be", func(tx *bbolt.Tx) error {
			m, err := readMeta(tx)
			m.Users++
			if err != nil {
				return err
			}
			return writeMeta(tx, m)
		}, bucketMeta, "41 users: 40 are there", 1, 0},
		{"a last id that is too old", write(bucketMeta, []byte(mintedKey), key(1)), bucketMeta, "given again", 1, 1},
		{"a last id that is gone", remove(bucketMeta, []byte(mintedKey)), bucketMeta, "given again", 1, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			db := seeded(t)
			if err := db.bolt.Update(row.damage); err != nil {
				t.Fatal(err)
			}
			p := pass(t, db)
			named := row.what == ""
			for _, f := range p.Findings {
				named = named || f.Bucket == row.bucket && strings.Contains(f.What, row.what)
			}
			damaged := row.bucket != ""
			if (p.Found > 0) != damaged || damaged && !named || row.found > 0 && p.Found != row.found || p.Repaired != row.repaired {
				t.Fatalf("pass: got %+v, want %d found, one in %s: %q, %d repaired", p, row.found, row.bucket, row.what, row.repaired)
			}
			if again := pass(t, db); row.repaired > 0 && again.Found != 0 {
				t.Errorf("after the repair: got %+v, want nothing found", again)
			}
		})
	}
}

// A pass beside writes of every kind finds nothing: what is half there is never seen.
func TestRepairsBesideWrites(t *testing.T) {
	db := seeded(t)
	s := &service{db: db, now: time.Now}
	ctx, cancel := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	for n := range 4 {
		writers.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				owner := seededID(kindUser, n, 0)
				made, err := s.CreateGuild(ctx, &wire.CreateGuildRequest{OwnerId: owner, Name: fmt.Sprintf("guild %d", i), Channels: []string{"a", "b"}})
				if err != nil {
					continue // the user is in a hundred guilds, or this is the end
				}
				channel := made.GetGuild().GetChannels()[0].GetId()
				_, _ = s.AddMember(ctx, &wire.AddMemberRequest{GuildId: made.GetGuild().GetId(), UserId: owner, MemberId: seededID(kindUser, 20+n, 0)})
				for range 3 {
					said, err := s.CreateMessage(ctx, &wire.CreateMessageRequest{ChannelId: channel, AuthorId: owner, Content: "x"})
					if err == nil && i%2 == 0 {
						_, _ = s.DeleteMessage(ctx, &wire.DeleteMessageRequest{ChannelId: channel, MessageId: said.GetMessage().GetId(), UserId: owner})
					}
				}
			}
		})
	}
	for range 30 {
		if p := pass(t, db); p.Found != 0 {
			t.Errorf("beside writes: got %+v, want nothing found", p.Findings)
			break
		}
	}
	cancel()
	writers.Wait()
}

// TestRepairsObey: paused by two, they go on when the last of them says so, or its
// time is over; meanwhile the workers are back.
func TestRepairsObey(t *testing.T) {
	db := seededWith(t, 1000) // many turns
	synctest.Test(t, func(t *testing.T) {
		r := repairsOf(t, Config{RepairShare: 0.5, InFlight: 8, Service: 10 * time.Millisecond, RepairEvery: time.Hour})
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		if err := r.Pause("brake", "level 2", 0); err != nil {
			t.Fatal(err)
		}
		running.Go(func() { r.run(ctx, db) })
		is := func(when string, state RepairState, aside, held int) {
			t.Helper()
			synctest.Wait()
			if s, load := r.Status(), r.lane.Report(); s.State != state || load.Aside != aside || len(s.HeldBy) != held {
				t.Errorf("%s: got %+v and %+v, want %s, %d workers set aside, %d holders", when, s, load, state, aside, held)
			}
		}
		is("paused before the start", RepairsPaused, 0, 1)
		if err := r.Pause("operator", "", time.Minute); err != nil {
			t.Fatal(err)
		}
		r.Resume("brake")
		is("one holds on", RepairsPaused, 0, 1)
		time.Sleep(time.Minute)
		is("its time is over", RepairsRunning, 4, 0)
		time.Sleep(time.Minute)
		is("a pass is done", RepairsWaiting, 0, 0)
		if s := r.Status(); s.Passes != 1 || s.LastPass.Rows != s.Rows || s.Rows == 0 {
			t.Errorf("status: got %+v, want one pass", s)
		}
		time.Sleep(time.Hour - time.Minute + 200*time.Millisecond)
		is("the next one", RepairsRunning, 4, 0)
		for _, by := range []string{"a", "b"} {
			if err := r.Pause(by, "", 0); err != nil {
				t.Fatal(err)
			}
		}
		is("paused in a pass", RepairsPaused, 0, 2)
		r.Resume("")
		is("released by all", RepairsRunning, 4, 0)
		cancel()
		running.Wait()
		is("stopped", RepairsStopped, 0, 0)
	})
}

func TestPausesAreBounded(t *testing.T) {
	r := repairsOf(t, Config{RepairShare: 0.5, InFlight: 8})
	for i := range maxHolders {
		if err := r.Pause(fmt.Sprint(i), "", 0); err != nil {
			t.Fatal(err)
		}
	}
	for _, err := range []error{r.Pause("one more", "", 0), r.Pause("", "", 0), r.Pause("x", "", -1), r.Pause("0", strings.Repeat("x", 201), 0)} {
		if err == nil {
			t.Error("a pause: got nil, want it refused")
		}
	}
	if err := r.Pause("0", "another reason", time.Minute); err != nil {
		t.Errorf("the same again: got %v, want nil", err)
	}
}

// Half of the store's workers are the repairs' while they run.
func TestRepairsTakeTheirShare(t *testing.T) {
	s, _, _ := start(t, Config{DataDir: t.TempDir(), Users: 10, Guilds: 1, InFlight: 8, Service: time.Millisecond, RepairShare: 0.5})
	ctx := within(t)
	for r := s.Load(); r.Aside != 4 || r.Limit != 4; r = s.Load() {
		if runtime.Gosched(); ctx.Err() != nil {
			t.Fatalf("load: got %+v, want 4 workers set aside", r)
		}
	}
	if err := s.Repairs().Pause("operator", "", 0); err != nil {
		t.Fatal(err)
	}
	for r := s.Load(); r.Aside != 0; r = s.Load() {
		if runtime.Gosched(); ctx.Err() != nil {
			t.Fatalf("load while paused: got %+v, want none set aside", r)
		}
	}
}
