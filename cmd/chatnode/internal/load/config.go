package load

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"time"

	"github.com/rs/zerolog"

	"github.com/firebreak-go/firebreak/supervision/backoff"
)

// DefaultMaxDials is how many users may dial at once where the configuration does not say.
const DefaultMaxDials = 64

// Config describes a Load. Gateways, Users and Token are required.
type Config struct {
	// Gateways are the addresses to draw from, as ws://host:port or wss://host:port.
	Gateways []string
	// Users is how many users there are.
	Users int
	// Seed decides which gateways the users draw and how their delays and first heartbeats are drawn.
	Seed uint64
	// Token is the secret of user n, from 0. It is called in New, once for each user.
	Token func(n int) string
	// Rate is how many users begin per second. Zero means all at once.
	Rate float64
	// MaxDials bounds the dials in flight. Zero means 64.
	MaxDials int
	// Backoff is the wait before a user tries again. The zero value means from 500 ms to 15 s with full jitter.
	Backoff backoff.Policy
	// Log gets a progress line at most once a second. The zero value writes nothing.
	Log zerolog.Logger
}

// Validate says what is wrong with the configuration and how to mend it.
func (c Config) Validate() error {
	switch {
	case len(c.Gateways) == 0:
		return errors.New("load: no gateway: name at least one as ws://host:port")
	case c.Users < 1:
		return fmt.Errorf("load: %d users: ask for at least one", c.Users)
	case c.Token == nil:
		return errors.New("load: no tokens: set Config.Token")
	case c.Rate < 0 || math.IsNaN(c.Rate) || math.IsInf(c.Rate, 0):
		return fmt.Errorf("load: rate %v is not a number of users per second: use 0 for all at once", c.Rate)
	case c.MaxDials < 0:
		return fmt.Errorf("load: limit of %d dials is negative: use 0 for %d", c.MaxDials, DefaultMaxDials)
	}
	if err := c.Backoff.Validate(); err != nil {
		return fmt.Errorf("load: %w", err)
	}
	for _, gateway := range c.Gateways {
		if _, err := address(gateway); err != nil {
			return err
		}
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.MaxDials == 0 {
		c.MaxDials = DefaultMaxDials
	}
	if !c.Backoff.Enabled() {
		c.Backoff = backoff.Policy{Base: 500 * time.Millisecond, Cap: 15 * time.Second}
	}
	return c
}

// address completes a gateway's address as client libraries do.
func address(gateway string) (string, error) {
	u, err := url.Parse(gateway)
	if err != nil {
		return "", fmt.Errorf("load: gateway does not parse: %w", err)
	}
	if (u.Scheme != "ws" && u.Scheme != "wss") || u.Host == "" {
		return "", fmt.Errorf("load: gateway %q is not of the form ws://host:port", gateway)
	}
	if u.Path == "" {
		u.Path = "/"
	}
	u.RawQuery = "v=10&encoding=json"
	return u.String(), nil
}
