package merge

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/internal/history"
	"github.com/firebreak-go/firebreak/supervision/backoff"
)

// Defaults of [Config].
const (
	DefaultTimeout = 10 * time.Second
	DefaultWait    = time.Minute
)

// Mode says how members make one registry.
type Mode uint8

// The modes.
const (
	// Union shows the keys of all members, the earlier one's where two have a key.
	Union Mode = iota
	// Fallback shows the first member that ever answered.
	Fallback
)

// String names the mode.
func (m Mode) String() string {
	switch m {
	case Union:
		return "union"
	case Fallback:
		return "fallback"
	}
	return "unknown"
}

// Member is one of the registries.
type Member struct {
	// Name tells it from the others in reports, errors and the identity.
	Name string
	// Source is asked. Its limits should be shorter than those of [Config].
	Source registry.Source
	// Optional lets a union be listed without this member until it first answers.
	Optional bool
}

// Config says what is merged. Only Members has no default.
type Config struct {
	// Members are the registries, the most important first.
	Members []Member
	// Mode is a union unless it is said.
	Mode Mode
	// Timeout limits what a List or a Get waits for one member; 0 means 10 s.
	Timeout time.Duration
	// Wait limits one call of Next; 0 means 60 s.
	Wait time.Duration
	// Backoff is how long a member whose watch failed is left out while others are
	// watched. The zero value means 250 ms doubling to 5 s, half of it drawn.
	Backoff backoff.Policy
	// Report, if set, is told when a member begins to fail, with the error, and when
	// it answers again, with nil; for each directory apart. It may be called from any
	// goroutine and must not block.
	Report func(member, directory string, err error)
}

// Source is several registries as one. Made by [New].
type Source struct {
	cfg Config

	mu          sync.Mutex
	directories map[string]*directory
	history     *history.History
}

var _ registry.Source = (*Source)(nil)

// New checks the configuration and returns a source; it asks nobody yet.
func New(cfg Config) (*Source, error) {
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("merge: %w", err)
	}
	cfg = cfg.withDefaults()
	return &Source{
		cfg: cfg, directories: make(map[string]*directory),
		// A process that starts later counts from a later position.
		history: history.New(registry.Index(time.Now().UnixMicro())),
	}, nil
}

func (c Config) validate() error {
	if len(c.Members) == 0 {
		return errors.New("no members: give at least one registry")
	}
	names := make(map[string]bool, len(c.Members))
	for i, m := range c.Members {
		switch {
		case m.Source == nil:
			return fmt.Errorf("member %d, %q: it has no source", i, m.Name)
		case m.Name == "" || names[m.Name]:
			return fmt.Errorf("member %d, %q: give each a name of its own", i, m.Name)
		}
		names[m.Name] = true
	}
	switch {
	case c.Mode != Union && c.Mode != Fallback:
		return fmt.Errorf("mode %d: use Union or Fallback", c.Mode)
	case c.Timeout < 0 || c.Wait < 0:
		return fmt.Errorf("timeout %v, wait %v: use 0 for the default, and nothing negative", c.Timeout, c.Wait)
	}
	return c.Backoff.Validate()
}

func (c Config) withDefaults() Config {
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.Wait == 0 {
		c.Wait = DefaultWait
	}
	if !c.Backoff.Enabled() {
		c.Backoff = backoff.Policy{Base: 250 * time.Millisecond, Cap: 5 * time.Second, Jitter: backoff.Equal}
	}
	if c.Report == nil {
		c.Report = func(string, string, error) {}
	}
	return c
}
