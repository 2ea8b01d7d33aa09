package gateway

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/rs/zerolog"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gate"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
)

// Defaults that the zero fields of a Config stand for.
const (
	DefaultHeartbeatInterval = 41250 * time.Millisecond
	DefaultIdentifyTimeout   = 30 * time.Second
	DefaultLoadTimeout       = 10 * time.Second
	DefaultMaxSessions       = 50_000
	DefaultMaxLoads          = 256
	DefaultResumeWindow      = 90 * time.Second
	DefaultIdentifyLimit     = 100
)

// ErrBadToken is what a Loader answers, wrapped or bare, for a token that nobody has. The client is told not to return.
var ErrBadToken = errors.New("gateway: token is not known")

// Loader finds the user who has a token. LoadUser is called from many goroutines and must return soon after its context
// ends. ErrBadToken is final; after any other error the client is sent away to try again.
type Loader interface {
	LoadUser(ctx context.Context, token string) (protocol.User, error)
}

// Config describes a Server. Listener, Node and Loader are required.
type Config struct {
	// Listener is where clients connect. Serve closes it.
	Listener net.Listener
	// Node is this chat node's id. It begins every session id, so that a later resume finds its way.
	Node string
	// Loader finds users.
	Loader Loader
	// HeartbeatInterval is how often clients are asked for a heartbeat. Zero means 41.25 s; the least is 1 ms.
	HeartbeatInterval time.Duration
	// IdentifyTimeout is how long a connection may stay anonymous. Zero means 30 s.
	IdentifyTimeout time.Duration
	// LoadTimeout is how long a call of LoadUser may take; the wait for its turn comes before. Zero means 10 s.
	LoadTimeout time.Duration
	// Gate is where connections, Identifies and Resumes wait for their turn; whoever made it runs it. Nil means one that
	// lets everybody through, up to MaxLoads at a time, who wait LoadTimeout at most.
	Gate *gate.Gate
	// MaxSessions bounds the open sockets; the next one is refused with status 503. Zero means 50,000.
	MaxSessions int
	// MaxLoads bounds the calls of LoadUser in flight, where there is no Gate; the next one waits its turn. Zero means 256.
	MaxLoads int
	// Guilds supplies what sessions see of their guilds. Nil means that all guilds stay unavailable.
	Guilds Guilds
	// Peers knows the other nodes. Nil means that there are none: then the sessions of others are lost.
	Peers Peers
	// ResumeWindow is how long a session waits for a client whose connection broke. Zero means 90 s.
	ResumeWindow time.Duration
	// MaxParked bounds the sessions that wait; beyond it the one that has waited longest is dropped. Zero means as many as
	// MaxSessions.
	MaxParked int
	// IdentifyLimit is how often one token may identify within 5 s, on all connections together. Zero means 100.
	IdentifyLimit int
	// Disallowed are intents that clients must not ask for, such as those that are privileged. Zero means none.
	Disallowed protocol.Intents
	// PublicURL is the address that READY hands out for a resume. Empty means ws:// and the listener's address.
	PublicURL string
	// Log gets the server's own story at info and one line a session at debug. The zero value writes nothing.
	Log zerolog.Logger
}

// Validate says what is wrong with the configuration and how to mend it.
func (c Config) Validate() error {
	switch {
	case c.Listener == nil:
		return errors.New("gateway: no listener: open one and pass it in Config.Listener")
	case c.Node == "":
		return errors.New("gateway: no node id: set Config.Node")
	case c.Loader == nil:
		return errors.New("gateway: no loader: set Config.Loader")
	case c.HeartbeatInterval != 0 && c.HeartbeatInterval < time.Millisecond:
		return fmt.Errorf("gateway: heartbeat interval %v is below 1ms: use 0 for %v", c.HeartbeatInterval, DefaultHeartbeatInterval)
	case c.IdentifyTimeout < 0:
		return fmt.Errorf("gateway: identify timeout %v is negative: use 0 for %v", c.IdentifyTimeout, DefaultIdentifyTimeout)
	case c.LoadTimeout < 0:
		return fmt.Errorf("gateway: load timeout %v is negative: use 0 for %v", c.LoadTimeout, DefaultLoadTimeout)
	case c.MaxSessions < 0:
		return fmt.Errorf("gateway: limit of %d sessions is negative: use 0 for %d", c.MaxSessions, DefaultMaxSessions)
	case c.MaxLoads < 0:
		return fmt.Errorf("gateway: limit of %d loads is negative: use 0 for %d", c.MaxLoads, DefaultMaxLoads)
	case c.ResumeWindow < 0:
		return fmt.Errorf("gateway: resume window %v is negative: use 0 for %v", c.ResumeWindow, DefaultResumeWindow)
	case c.MaxParked < 0:
		return fmt.Errorf("gateway: limit of %d waiting sessions is negative: use 0 for as many as may be open", c.MaxParked)
	case c.IdentifyLimit < 0:
		return fmt.Errorf("gateway: limit of %d identifies is negative: use 0 for %d", c.IdentifyLimit, DefaultIdentifyLimit)
	}
	return validateURL(c.PublicURL)
}

func validateURL(raw string) error {
	if raw == "" {
		return nil
	}
	u, err := url.Parse(raw)
	if err != nil {
		return fmt.Errorf("gateway: public URL does not parse: %w", err)
	}
	if (u.Scheme != "ws" && u.Scheme != "wss") || u.Host == "" {
		return fmt.Errorf("gateway: public URL %q is not of the form ws://host:port", raw)
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.HeartbeatInterval == 0 {
		c.HeartbeatInterval = DefaultHeartbeatInterval
	}
	if c.IdentifyTimeout == 0 {
		c.IdentifyTimeout = DefaultIdentifyTimeout
	}
	if c.LoadTimeout == 0 {
		c.LoadTimeout = DefaultLoadTimeout
	}
	if c.MaxSessions == 0 {
		c.MaxSessions = DefaultMaxSessions
	}
	if c.MaxLoads == 0 {
		c.MaxLoads = DefaultMaxLoads
	}
	if c.ResumeWindow == 0 {
		c.ResumeWindow = DefaultResumeWindow
	}
	if c.MaxParked == 0 {
		c.MaxParked = c.MaxSessions
	}
	if c.IdentifyLimit == 0 {
		c.IdentifyLimit = DefaultIdentifyLimit
	}
	if c.PublicURL == "" {
		c.PublicURL = "ws://" + c.Listener.Addr().String()
	}
	return c
}
