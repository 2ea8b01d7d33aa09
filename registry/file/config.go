package file

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/internal/history"
)

// Defaults of [Config].
const (
	DefaultPoll     = time.Second
	DefaultWait     = time.Minute
	DefaultTimeout  = 5 * time.Second
	DefaultMaxFiles = 10_000
)

// Config says where the files are. Only Root has no default.
type Config struct {
	// Root is the folder that stands for "/".
	Root string
	// Poll is the time between two looks at a folder while Next waits; 0 means 1 s.
	Poll time.Duration
	// Wait limits one call of Next; 0 means 60 s.
	Wait time.Duration
	// Timeout limits one look at a folder; 0 means 5 s.
	Timeout time.Duration
	// MaxFiles is how many keys a folder may hold; 0 means 10,000. One with more
	// fails.
	MaxFiles int
}

// Source is a folder seen as a registry. Made by [New].
type Source struct {
	cfg     Config
	cluster string

	// turn is held by whoever uses the fields below.
	turn    chan struct{}
	folders map[string]*folder // by directory
	history *history.History
}

var _ registry.Source = (*Source)(nil)

// New checks the configuration and returns a source; it reads nothing yet.
func New(cfg Config) (*Source, error) {
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("file: %w", err)
	}
	root, err := filepath.Abs(cfg.Root)
	if err != nil {
		return nil, fmt.Errorf("file: root %q: %w", cfg.Root, err)
	}
	cfg = cfg.withDefaults()
	cfg.Root = root
	return &Source{
		cfg: cfg, cluster: "file:" + filepath.ToSlash(root),
		turn: make(chan struct{}, 1), folders: make(map[string]*folder),
		history: history.New(registry.Index(time.Now().UnixMicro())),
	}, nil
}

func (c Config) validate() error {
	switch {
	case c.Root == "":
		return errors.New("no root: name the folder that holds services/<service>/<id>.json")
	case c.Poll < 0 || c.Wait < 0 || c.Timeout < 0:
		return fmt.Errorf("poll %v, wait %v, timeout %v: use 0 for the default, and nothing negative", c.Poll, c.Wait, c.Timeout)
	case c.MaxFiles < 0:
		return fmt.Errorf("limit of %d files is negative: leave it 0 for %d", c.MaxFiles, DefaultMaxFiles)
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.Poll == 0 {
		c.Poll = DefaultPoll
	}
	if c.Wait == 0 {
		c.Wait = DefaultWait
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.MaxFiles == 0 {
		c.MaxFiles = DefaultMaxFiles
	}
	return c
}
