package load

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"github.com/firebreak-go/firebreak/supervision/backoff"
)

// DefaultMaxDials is how many users may dial at once where the configuration does not say.
const DefaultMaxDials = 64

// maxUsers bounds the memory of one load.
const maxUsers = 1_000_000

// maxMessages bounds the rate of messages.
const maxMessages = 100_000

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
	// AtOnce lets users try again without any wait, whatever Backoff says, as the worst of clients do.
	AtOnce bool
	// Resume lets users go on with their sessions on the next connection, at the address that their gateway has named.
	// Without it each connection begins a new session.
	Resume bool
	// Compress is how users ask for their payloads. Empty means [CompressNone]. With [CompressStream] each user remembers
	// up to 32 KiB.
	Compress Compression
	// REST are the API nodes by which users write, as http://host:port, each in turn. Required where Messages is not 0.
	REST []string
	// Messages is how many messages the users write per second, all together. Zero means none.
	Messages float64
	// Duration is how long the load runs before it ends by itself; then it waits until it is known what became of the last
	// messages. Zero means until it is stopped.
	Duration time.Duration
	// Progress is given a line once a second, to be shown in place of the one before. Nil means that there is a log line a
	// minute instead.
	Progress func(line string)
	// Log gets what went wrong, and the progress. The zero value writes nothing.
	Log zerolog.Logger
}

// Validate says what is wrong with the configuration and how to mend it.
func (c Config) Validate() error {
	switch {
	case len(c.Gateways) == 0:
		return errors.New("load: no gateway: name at least one as ws://host:port")
	case c.Users < 1 || c.Users > maxUsers:
		return fmt.Errorf("load: %d users: ask for 1 to %d", c.Users, maxUsers)
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
		if _, err := address(gateway, c.Compress); err != nil {
			return err
		}
	}
	return c.validateMessages()
}

func (c Config) validateMessages() error {
	switch {
	case c.Messages < 0 || c.Messages > maxMessages || math.IsNaN(c.Messages):
		return fmt.Errorf("load: %v messages per second: want 0 to %d", c.Messages, int(maxMessages))
	case c.Messages > 0 && len(c.REST) == 0:
		return errors.New("load: nobody to send messages to: name at least one API node as http://host:port")
	case c.Duration < 0:
		return fmt.Errorf("load: duration %v is negative: use 0 for no end", c.Duration)
	case !slices.Contains([]Compression{"", CompressNone, CompressPayload, CompressStream}, c.Compress):
		return fmt.Errorf("load: compression %q is unknown: use %s, %s or %s", c.Compress, CompressNone, CompressPayload, CompressStream)
	}
	for _, base := range c.REST {
		u, err := url.Parse(base)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.Path != "" {
			return fmt.Errorf("load: API node %q is not of the form http://host:port", base)
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
func address(gateway string, compress Compression) (string, error) {
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
	if compress == CompressStream {
		u.RawQuery += "&compress=zlib-stream"
	}
	return u.String(), nil
}
