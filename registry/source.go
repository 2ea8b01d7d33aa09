package registry

import (
	"context"
	"time"
)

// Index is a position in a source's history. It grows with every write to the
// whole keyspace, also with writes to other directories; 0 means "unknown".
type Index uint64

// Entry is one key of a registry, as it was stored: the value is hostile input
// until [Decode] has accepted it.
type Entry struct {
	Key   string
	Value string
	// Index is where in the history this value was written (etcd's modifiedIndex).
	Index Index
	// TTL is how long the key lives unless it is renewed; 0 means it never expires.
	TTL time.Duration
}

// Listing is a directory's content at one index.
type Listing struct {
	Entries []Entry
	// Index is the source's position when the listing was made; a watch that
	// starts after it misses nothing.
	Index Index
	// Cluster identifies the registry that answered; empty when it does not say.
	Cluster string
	// Missing says that the directory itself does not exist, when the source can
	// tell that from a directory without keys.
	Missing bool
}

// ChangeKind says what happened to a key.
type ChangeKind uint8

// The kinds of change.
const (
	// ChangePut is a key that was created or got another value.
	ChangePut ChangeKind = iota + 1
	// ChangeDeleted is a key that somebody removed.
	ChangeDeleted
	// ChangeExpired is a key whose TTL ran out.
	ChangeExpired
	// ChangeDirectory is an event on a whole directory (deleted, expired): it
	// stands for many keys and can only be followed by a new listing.
	ChangeDirectory
)

// String names the kind as events and logs print it.
func (k ChangeKind) String() string {
	switch k {
	case ChangePut:
		return "put"
	case ChangeDeleted:
		return "deleted"
	case ChangeExpired:
		return "expired"
	case ChangeDirectory:
		return "directory"
	}
	return "unknown"
}

// Change is one step of a directory's history.
type Change struct {
	Kind ChangeKind
	// Entry is the key as it is now; for a removal only Key and Index are set.
	Entry Entry
	// Previous is the key as it was before, when the source tells.
	Previous *Entry
	// Index is the position of this change: the cursor for the next one.
	Index Index
	// Head is the source's own position when it answered, when it tells; 0 means
	// unknown. What lies between Index and Head has yet to be read.
	Head Index
	// Cluster is as in [Listing].
	Cluster string
}

// Source reads a registry. Every method is one bounded call: it returns when
// the answer is there, when ctx ends, or when the implementation's own time
// limit has passed; it never loops or retries.
//
// A failed call says nothing about the directory: a caller keeps what it knows.
type Source interface {
	// List reads the keys directly under directory (which ends in a slash) with
	// quorum. A directory that does not exist is an empty listing.
	List(ctx context.Context, directory string) (Listing, error)
	// Next waits for the first change under directory after the given index.
	// It returns [ErrQuiet] when nothing changed within the call's time limit,
	// and [ErrHistoryLost] when the history no longer reaches back that far.
	Next(ctx context.Context, directory string, after Index) (Change, error)
	// Get reads one key with quorum, or returns [ErrNotFound].
	Get(ctx context.Context, key string) (Entry, error)
}

// Writer writes a registry, one bounded call each, like [Source]. The entry
// that is returned is the registry's echo of what it stored; the caller
// compares it with what it sent. An error that is none of the package's
// sentinels is ambiguous: the write may have happened.
type Writer interface {
	// Create writes a key that must not exist yet, else [ErrExists].
	Create(ctx context.Context, key, value string, ttl time.Duration) (Entry, error)
	// Refresh renews the TTL of an existing key, keeps its value and wakes no
	// watcher; [ErrNotFound] when the key is gone.
	Refresh(ctx context.Context, key string, ttl time.Duration) (Entry, error)
	// Swap writes a key whose last write was at index previous, else
	// [ErrConflict]; [ErrNotFound] when it is gone.
	Swap(ctx context.Context, key, value string, ttl time.Duration, previous Index) (Entry, error)
	// Delete removes a key whose last write was at index previous, else
	// [ErrConflict]; [ErrNotFound] when it is gone already.
	Delete(ctx context.Context, key string, previous Index) error
}
