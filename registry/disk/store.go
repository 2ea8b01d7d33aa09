package disk

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// What [Store] answers, and what its caller branches on.
var (
	// ErrNothing means that nothing was saved for the directory.
	ErrNothing = errors.New("disk: nothing saved")
	// ErrGuarded means that the view was in doubt, and was not saved.
	ErrGuarded = errors.New("disk: the view has an engaged guard")
	// ErrRefused is wrapped by what Load says of a file that it does not believe.
	ErrRefused = errors.New("disk: refused")
)

// Defaults of [Config].
const (
	defaultKeep     = 5
	defaultMaxAge   = 24 * time.Hour
	defaultMaxBytes = 64 << 20
)

// orphanAge is how old an unfinished file must be to be one of a process that
// ended: a save takes seconds at most.
const orphanAge = time.Hour

const (
	suffix    = ".lkg"
	temporary = ".saving-"
)

// Config tunes a [Store]. Only Folder is required.
type Config struct {
	// Folder is where the files are; it is made when it is missing.
	Folder string
	// Keep is how many files of one directory are kept; 0 means 5.
	Keep int
	// MaxAge is how old a file may be to be loaded; 0 means 24 h.
	MaxAge time.Duration
	// MaxBytes bounds one file; 0 means 64 MiB.
	MaxBytes int64
}

// Validate says what is wrong with the configuration.
func (c Config) Validate() error {
	switch {
	case c.Folder == "":
		return errors.New("disk: no folder: say where to save")
	case c.Keep < 0 || c.MaxAge < 0 || c.MaxBytes < 0:
		return fmt.Errorf("disk: keep %d, age %v, %d bytes: use 0 for the default, and nothing negative", c.Keep, c.MaxAge, c.MaxBytes)
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.Keep == 0 {
		c.Keep = defaultKeep
	}
	if c.MaxAge == 0 {
		c.MaxAge = defaultMaxAge
	}
	if c.MaxBytes == 0 {
		c.MaxBytes = defaultMaxBytes
	}
	return c
}

// Store keeps snapshots in a folder.
type Store struct{ cfg Config }

// Open returns the store of a folder.
func Open(cfg Config) (*Store, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.Folder, 0o700); err != nil {
		return nil, fmt.Errorf("disk: %w", err)
	}
	return &Store{cfg: cfg.withDefaults()}, nil
}

// Save writes a snapshot as the newest of its directory. It answers
// [ErrGuarded] for one that is in doubt.
func (s *Store) Save(snapshot *registry.Snapshot, now time.Time) error {
	if len(snapshot.Guards) > 0 {
		return fmt.Errorf("%w: %v: %s", ErrGuarded, snapshot.Guards[0].Guard, snapshot.Directory)
	}
	data, err := encode(snapshot, now)
	if err != nil {
		return err
	}
	if int64(len(data)) > s.cfg.MaxBytes {
		return fmt.Errorf("disk: save %s: %d bytes are more than the limit of %d: raise it", snapshot.Directory, len(data), s.cfg.MaxBytes)
	}
	files, err := s.files(snapshot.Directory)
	if err != nil {
		return err
	}
	number := uint64(1)
	if len(files) > 0 {
		number = files[0].number + 1
	}
	path := filepath.Join(s.cfg.Folder, fmt.Sprintf("%s%016d%s", prefixOf(snapshot.Directory), number, suffix))
	if err := s.write(path, data); err != nil {
		return fmt.Errorf("disk: save %s: %w", snapshot.Directory, err)
	}
	for _, old := range files[min(s.cfg.Keep-1, len(files)):] {
		if err := os.Remove(old.path); err != nil {
			return fmt.Errorf("disk: save %s: saved, but an old file stays: %w", snapshot.Directory, err)
		}
	}
	s.sweep(now)
	return nil
}

// write makes a file appear whole.
func (s *Store) write(path string, data []byte) (err error) {
	f, err := os.CreateTemp(s.cfg.Folder, temporary+"*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync())
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	if folder, openErr := os.Open(s.cfg.Folder); openErr == nil {
		_ = folder.Sync() // not every system can; the file itself is synced
		_ = folder.Close()
	}
	return nil
}

// sweep removes what a process left that ended while it saved.
func (s *Store) sweep(now time.Time) {
	orphans, _ := filepath.Glob(filepath.Join(s.cfg.Folder, temporary+"*")) // fails on a bad pattern only
	for _, path := range orphans {
		if info, err := os.Stat(path); err == nil && now.Sub(info.ModTime()) > orphanAge {
			_ = os.Remove(path) // tried again next time
		}
	}
}

// Load returns the newest believable snapshot of a directory. Beside a snapshot
// there is an error when newer files were refused; without one it is
// [ErrNothing], or tells of every file why not.
func (s *Store) Load(directory string, now time.Time) (*registry.Snapshot, error) {
	files, err := s.files(directory)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%w: %s", ErrNothing, directory)
	}
	var refused []error
	for _, f := range files[:min(s.cfg.Keep, len(files))] {
		snapshot, err := s.read(f.path, directory, now)
		if err == nil {
			return snapshot, errors.Join(refused...)
		}
		refused = append(refused, fmt.Errorf("%w: the file %s %w", ErrRefused, filepath.Base(f.path), err))
	}
	return nil, errors.Join(refused...)
}

// read reads one file. The error completes the sentence "the file ...".
func (s *Store) read(path, directory string, now time.Time) (*registry.Snapshot, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("does not open: %w", err)
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, s.cfg.MaxBytes+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("does not read: %w", err)
	case int64(len(data)) > s.cfg.MaxBytes:
		return nil, fmt.Errorf("is longer than %d bytes", s.cfg.MaxBytes)
	}
	snapshot, err := decode(data, directory)
	if err != nil {
		return nil, err
	}
	if age := now.Sub(snapshot.At); age > s.cfg.MaxAge {
		return nil, fmt.Errorf("is %v old, more than %v", age.Round(time.Second), s.cfg.MaxAge)
	}
	return snapshot, nil
}

// file is one saved snapshot.
type file struct {
	path   string
	number uint64
}

// files are those of a directory, the newest first.
func (s *Store) files(directory string) ([]file, error) {
	entries, err := os.ReadDir(s.cfg.Folder)
	if err != nil {
		return nil, fmt.Errorf("disk: %w", err)
	}
	prefix := prefixOf(directory)
	var files []file
	for _, e := range entries {
		rest, ours := strings.CutPrefix(e.Name(), prefix)
		digits, whole := strings.CutSuffix(rest, suffix)
		number, err := strconv.ParseUint(digits, 10, 63)
		if ours && whole && err == nil {
			files = append(files, file{filepath.Join(s.cfg.Folder, e.Name()), number})
		}
	}
	slices.SortFunc(files, func(a, b file) int { return cmp.Compare(b.number, a.number) })
	return files, nil
}

// prefixOf begins the names of a directory's files: its last part for people, a
// hash for what else may be in it.
func prefixOf(directory string) string {
	sum := sha256.Sum256([]byte(directory))
	name := strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return r
		}
		return '_'
	}, serviceOf(directory))
	return name[:min(len(name), 64)] + "-" + hex.EncodeToString(sum[:8]) + "-"
}
