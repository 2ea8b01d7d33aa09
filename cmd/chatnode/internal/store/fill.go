package store

import (
	"context"
	"fmt"

	"github.com/rs/zerolog"
	"go.etcd.io/bbolt"
)

// batchRecords is how many users or guilds one transaction adds: what a kill in
// between costs, against one fsync each.
const batchRecords = 500

// fill adds the guilds and users that are missing from what is wanted, a batch
// per transaction, and returns what the file then describes. When ctx ends it
// stops between two batches, without an error.
func (d *database) fill(ctx context.Context, want meta, log zerolog.Logger) (meta, error) {
	have, _, err := d.stats()
	if err != nil {
		return have, d.explain(err)
	}
	if have.Schema != 0 && have.Seed != want.Seed {
		return have, fmt.Errorf("store: %s was filled from seed %d, not %d: use that seed, or choose another --data-dir", d.path, have.Seed, want.Seed)
	}
	want = meta{Schema: schemaVersion, Seed: want.Seed, Users: max(have.Users, want.Users), Guilds: max(have.Guilds, want.Guilds)}
	if want.Guilds > want.Users {
		return have, fmt.Errorf("store: %d guilds for %d users: want no more guilds than users", want.Guilds, want.Users)
	}
	for have != want && ctx.Err() == nil {
		next := have.next(want)
		if err := d.bolt.Update(func(tx *bbolt.Tx) error { return addBatch(tx, have, next) }); err != nil {
			return have, fmt.Errorf("store: fill %s: %w", d.path, err)
		}
		have = next
		log.Debug().Uint64("users", have.Users).Uint64("guilds", have.Guilds).Msg("store filled a batch")
	}
	return have, nil
}

// next is what the file describes after one more batch on the way to want:
// guilds come first, since users join them.
func (m meta) next(want meta) meta {
	m.Schema, m.Seed = want.Schema, want.Seed
	if m.Guilds < want.Guilds {
		m.Guilds = min(m.Guilds+batchRecords, want.Guilds)
		return m
	}
	m.Users = min(m.Users+batchRecords, want.Users)
	return m
}

// addBatch adds what next has and have lacks.
func addBatch(tx *bbolt.Tx, have, next meta) error {
	for number := have.Guilds; number < next.Guilds; number++ {
		if err := addGuild(tx, next.Seed, int(number), number < have.Users); err != nil {
			return err
		}
	}
	for number := have.Users; number < next.Users; number++ {
		if err := addUser(tx, next.Seed, int(number), int(next.Guilds)); err != nil {
			return err
		}
	}
	return writeMeta(tx, next)
}

// addGuild adds a guild; its owner joins it now, or when the owner is added.
func addGuild(tx *bbolt.Tx, seed uint64, number int, ownerExists bool) error {
	guild := seededGuild(seed, number)
	if err := writeGuild(tx, guild); err != nil || !ownerExists {
		return err
	}
	owner, err := readUser(tx, guild.GetOwnerId())
	if err != nil {
		return err
	}
	if owner == nil {
		return fmt.Errorf("user %d, the owner of a new guild, is missing", guild.GetOwnerId())
	}
	owner.GuildIds = append(owner.GuildIds, guild.GetId())
	if err := writeUser(tx, owner); err != nil {
		return err
	}
	return writeMember(tx, guild.GetId(), seededMember(seed, number, number))
}

// addUser adds a user, the token and a row in every guild that the user is in.
func addUser(tx *bbolt.Tx, seed uint64, number, guilds int) error {
	user, joined := seededUser(seed, number, guilds)
	if err := writeUser(tx, user); err != nil {
		return err
	}
	if err := writeToken(tx, Token(seed, number), user.GetId()); err != nil {
		return err
	}
	for i, guild := range joined {
		if err := writeMember(tx, user.GetGuildIds()[i], seededMember(seed, number, guild)); err != nil {
			return err
		}
	}
	return nil
}
