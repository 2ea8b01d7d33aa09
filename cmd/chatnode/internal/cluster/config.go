package cluster

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/rs/zerolog"
)

// The profiles of chat nodes, one act each.
const (
	ProfileNaive    = "naive"
	ProfileIsolated = "isolated"
)

// The API node whose write is cut.
const (
	// TargetNew is an API node that joins and whose first announcement is cut:
	// there is no good value to fall back to.
	TargetNew = "new"
	// TargetExisting is an API node that was announced well before, so that a
	// last good value exists when a later announcement of its is cut.
	TargetExisting = "existing"
)

// Limits of one run, in its own units.
const (
	maxNodes = 200
	maxAPIs  = 200
	maxUsers = 200_000
	// maxMessages is per second.
	maxMessages = 10_000
)

// How long each part of an act may take before it is given up.
const (
	startLimit   = 60 * time.Second // processes started, ready, and every node knows every API node
	connectLimit = 60 * time.Second // all users connected, on top of the time their rate takes
	cutLimit     = 30 * time.Second // the announcement reached the proxy and was cut
	storeLimit   = 10 * time.Second // the cut announcement is visible in etcd
	healLimit    = 30 * time.Second // a good announcement, on top of the poison's own duration
	recoverLimit = 60 * time.Second // users and nodes are back, on top of boot time and the rate of connecting
)

// Config says what one demo is made of. The zero value of a field means its default.
type Config struct {
	// Binary is the executable that every process runs; empty means our own.
	Binary string
	// Profiles are the acts, in order; empty means naive, then isolated.
	Profiles []string
	// Nodes, APIs and Users size the cluster; 0 means 6, 3 and 2,000.
	Nodes, APIs, Users int
	// Messages is how many messages the users write a second, all together; 0 means
	// 20, a negative number none.
	Messages float64
	// Autoscale has API nodes added and taken out by their load, between APIMin and
	// APIMax; 0 means APIs, and twice as many.
	Autoscale      bool
	APIMin, APIMax int
	// Seed is given to everything that draws random numbers, the same in each act.
	Seed uint64
	// Poison is how long the announcer waits after the cut write; 0 means 2 s.
	Poison time.Duration
	// Boot is how long a dead process stays away before it is started again; 0 means 3 s.
	Boot time.Duration
	// Target is the API node whose write is cut: [TargetNew] (default) or [TargetExisting].
	Target string
	// Keep leaves the last act's cluster up until the context ends.
	Keep bool
	// Headless needs no terminal: no moving status line.
	Headless bool
	// ReadyFile is rewritten when an act's cluster serves; empty means none.
	ReadyFile string
	// JSONFile gets the results; empty means none.
	JSONFile string
	// Dir is where the run's temporary folder is made; empty means [os.TempDir].
	Dir string
	// Out gets progress lines and the table; nil means nothing is printed.
	Out io.Writer
	// Terminal says that Out is a terminal, which can redraw a line.
	Terminal bool
	// Page is the live page.
	Page PageConfig
	// Log gets what only a developer of the demo wants to know.
	Log zerolog.Logger
}

// Validate says what is wrong with the configuration, naming the flag.
func (c Config) Validate() error {
	c = c.withDefaults()
	var errs []error
	for _, p := range c.Profiles {
		if p != ProfileNaive && p != ProfileIsolated {
			errs = append(errs, fmt.Errorf("profile %q: want %s, %s or both", p, ProfileNaive, ProfileIsolated))
		}
	}
	for _, n := range []struct {
		name       string
		value, max int
	}{{"nodes", c.Nodes, maxNodes}, {"apis", c.APIs, maxAPIs}, {"users", c.Users, maxUsers}} {
		if n.value < 1 || n.value > n.max {
			errs = append(errs, fmt.Errorf("%s %d: want 1 to %d", n.name, n.value, n.max))
		}
	}
	if !(c.Messages <= maxMessages) {
		errs = append(errs, fmt.Errorf("messages %g/s: want at most %d/s, or off", c.Messages, maxMessages))
	}
	if err := c.scaling().Validate(); c.APIs <= maxAPIs && (err != nil || c.APIs < c.APIMin || c.APIs > c.APIMax || c.APIMax > maxAPIs) {
		errs = append(errs, fmt.Errorf("api-min %d, apis %d, api-max %d: want them in this order, from 1 to %d", c.APIMin, c.APIs, c.APIMax, maxAPIs))
	}
	if c.Poison < 0 || c.Poison > time.Hour {
		errs = append(errs, fmt.Errorf("poison %s: want a duration up to 1h", c.Poison))
	}
	if c.Boot < 0 || c.Boot > time.Hour {
		errs = append(errs, fmt.Errorf("boot %s: want a duration up to 1h", c.Boot))
	}
	if !slices.Contains([]string{TargetNew, TargetExisting}, c.Target) {
		errs = append(errs, fmt.Errorf("target %q: want %s or %s", c.Target, TargetNew, TargetExisting))
	}
	return errors.Join(errs...)
}

func (c Config) withDefaults() Config {
	if len(c.Profiles) == 0 {
		c.Profiles = []string{ProfileNaive, ProfileIsolated}
	}
	c.Nodes = cmp.Or(c.Nodes, 6)
	c.APIs = cmp.Or(c.APIs, 3)
	c.APIMin = cmp.Or(c.APIMin, c.APIs)
	c.APIMax = cmp.Or(c.APIMax, max(min(2*c.APIs, maxAPIs), c.APIs))
	c.Users = cmp.Or(c.Users, 2000)
	c.Messages = cmp.Or(c.Messages, 20)
	c.Poison = cmp.Or(c.Poison, 2*time.Second)
	c.Boot = cmp.Or(c.Boot, 3*time.Second)
	c.Target = cmp.Or(c.Target, TargetNew)
	c.Dir = cmp.Or(c.Dir, os.TempDir())
	if c.Out == nil {
		c.Out = io.Discard
	}
	return c
}

// connectRate is how many users per second the load may connect: a quarter of
// them, so that a start takes seconds, within what two cores can serve.
func (c Config) connectRate() int { return min(max(c.Users/4, 50), 500) }

// connectTime is what connecting all users takes at that rate.
func (c Config) connectTime() time.Duration {
	return time.Duration(c.Users) * time.Second / time.Duration(c.connectRate())
}
