package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"go.etcd.io/bbolt"
)

const (
	// fileName is the database inside the data folder.
	fileName = "chat.db"
	// schemaVersion is raised by a change that older code would misread.
	schemaVersion = 3
	// batchWait is how long a write waits for others to share its fsync.
	batchWait = time.Millisecond
	// lockWait is how long opening waits for a predecessor to let go of the file.
	lockWait = time.Second

	bucketUsers    = "users"
	bucketTokens   = "tokens"
	bucketGuilds   = "guilds"
	bucketMembers  = "members"
	bucketChannels = "channels"
	bucketMessages = "messages"
	bucketEpochs   = "epochs"
	bucketChanges  = "changes"
	bucketMeta     = "meta"
)

// database is the open file. Its methods may be called from any goroutine;
// bbolt lets one of them write at a time.
type database struct {
	bolt *bbolt.DB
	path string
	// limit is how many bytes may be in use before writes are refused; 0 is no
	// limit. It is set before the first call.
	limit int64
}

// openDatabase opens the database in a folder, or makes it.
func openDatabase(folder string) (*database, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("store: data folder: %w: choose another with --data-dir", err)
	}
	d := &database{path: filepath.Join(folder, fileName)}
	var bytes int64 // before bbolt makes or extends the file
	if info, err := os.Stat(d.path); err == nil {
		bytes = info.Size()
	}
	var err error
	if d.bolt, err = openBolt(d.path); err != nil {
		return nil, d.explain(err)
	}
	d.bolt.MaxBatchDelay = batchWait
	if err := d.prepare(bytes); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

// openBolt turns the panics and memory faults by which bbolt meets a damaged
// file into errors.
func openBolt(path string) (db *bbolt.DB, err error) {
	before := debug.SetPanicOnFault(true)
	defer func() {
		debug.SetPanicOnFault(before)
		if v := recover(); v != nil {
			err = fmt.Errorf("%w: %v", bbolt.ErrInvalid, v)
		}
	}()
	return bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockWait})
}

// explain says what to do about a file that does not open.
func (d *database) explain(err error) error {
	var system *os.PathError
	switch {
	case errors.Is(err, bbolt.ErrTimeout):
		return fmt.Errorf("store: %s is in use by another process: stop that one, or choose another --data-dir", d.path)
	case errors.As(err, &system):
		return fmt.Errorf("store: data folder is not writable: %w: choose another with --data-dir", err)
	}
	return fmt.Errorf("store: %s is not a usable database: %w: restore it, or move it away", d.path, err)
}

// prepare makes the buckets of a new file, and refuses one of newer code and one
// that was cut short; bytes is its size before it was opened, 0 if it is new.
func (d *database) prepare(bytes int64) error {
	return d.bolt.Update(func(tx *bbolt.Tx) error {
		if bytes > 0 && bytes < tx.Size() {
			return d.explain(fmt.Errorf("%w: it was cut to %d of %d bytes", bbolt.ErrInvalid, bytes, tx.Size()))
		}
		for _, name := range []string{
			bucketUsers, bucketTokens, bucketGuilds, bucketMembers,
			bucketChannels, bucketMessages, bucketEpochs, bucketChanges, bucketMeta,
		} {
			if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
				return fmt.Errorf("store: %s: make bucket %s: %w", d.path, name, err)
			}
		}
		m, err := readMeta(tx)
		if err != nil {
			return d.explain(err)
		}
		if m.Schema > schemaVersion {
			return fmt.Errorf("store: %s was written by a newer version (schema %d, this one knows %d): use that version", d.path, m.Schema, schemaVersion)
		}
		if m.Schema > 0 && m.Schema < schemaVersion {
			err = d.upgrade(tx, m)
		}
		return err
	})
}

// upgrade makes an older file one of today: schema 1 has no rows for channels,
// schema 2 no log, which begins empty.
func (d *database) upgrade(tx *bbolt.Tx, m meta) error {
	if m.Schema == 1 {
		if err := d.addChannels(tx); err != nil {
			return err
		}
	}
	m.Schema = schemaVersion
	return writeMeta(tx, m)
}

func (d *database) addChannels(tx *bbolt.Tx) error {
	rows := tx.Bucket([]byte(bucketGuilds)).Cursor()
	for k, _ := rows.First(); k != nil; k, _ = rows.Next() {
		if len(k) != 8 {
			return d.explain(fmt.Errorf("%w: a guild's key has %d bytes, want 8", bbolt.ErrInvalid, len(k)))
		}
		guild, err := readGuild(tx, binary.BigEndian.Uint64(k))
		if err != nil {
			return d.explain(err)
		}
		if err := writeChannels(tx, guild); err != nil {
			return fmt.Errorf("store: %s: upgrade: %w", d.path, err)
		}
	}
	return nil
}

func (d *database) close() error {
	if err := d.bolt.Close(); err != nil {
		return fmt.Errorf("store: close %s: %w", d.path, err)
	}
	return nil
}

// meta is what the file says about itself. Schema 0 is a file never filled.
type meta struct {
	Schema, Seed, Users, Guilds uint64
}

const metaKey = "content"

func readMeta(tx *bbolt.Tx) (meta, error) {
	raw := tx.Bucket([]byte(bucketMeta)).Get([]byte(metaKey))
	switch len(raw) {
	case 0:
		return meta{}, nil
	case 32:
		return meta{
			Schema: binary.BigEndian.Uint64(raw), Seed: binary.BigEndian.Uint64(raw[8:]),
			Users: binary.BigEndian.Uint64(raw[16:]), Guilds: binary.BigEndian.Uint64(raw[24:]),
		}, nil
	}
	return meta{}, fmt.Errorf("%w: its description has %d bytes, want 32", bbolt.ErrInvalid, len(raw))
}

func writeMeta(tx *bbolt.Tx, m meta) error {
	return tx.Bucket([]byte(bucketMeta)).Put([]byte(metaKey), key(m.Schema, m.Seed, m.Users, m.Guilds))
}

// stats returns what the file holds, and its size in bytes.
func (d *database) stats() (m meta, size uint64, err error) {
	err = d.bolt.View(func(tx *bbolt.Tx) error {
		size = uint64(tx.Size())
		m, err = readMeta(tx)
		return err
	})
	return m, size, err
}
