package etcdv2

import (
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	client "go.etcd.io/etcd/client/v2"

	"github.com/firebreak-go/firebreak/registry"
)

// Defaults and limits of [Config].
const (
	DefaultTimeout   = 5 * time.Second
	DefaultWait      = time.Minute
	DefaultMaxAnswer = 256 << 20
	// MaxWait is the longest Config.Wait: etcd itself ends a wait after 5 minutes.
	MaxWait = 4 * time.Minute
)

// Config says where etcd is and how long a call may take. Only Endpoints has no default.
type Config struct {
	// Endpoints are the client URLs of the members, like "http://10.0.0.1:2379".
	// The first call asks one at random, so that a fleet spreads over them.
	Endpoints []string
	// Timeout limits every call but Next; 0 means 5 s.
	Timeout time.Duration
	// Wait limits one call of Next; 0 means 60 s, at most 4 minutes.
	Wait time.Duration
	// Username and Password are sent with every request when Username is set.
	Username, Password string
	// TLS is used for https endpoints; nil means Go's defaults. Not with Transport.
	TLS *tls.Config
	// Transport carries the requests; nil means one of the registry's own.
	Transport http.RoundTripper
	// MaxAnswer limits an answer in bytes; 0 means 256 MiB, which is a directory
	// of 100,000 records with room to spare.
	MaxAnswer int64
}

// Registry is one etcd, seen through its v2 keys API. Made by [New].
type Registry struct {
	timeout, wait time.Duration
	members       []member
	close         func()
	// asked counts through members; it moves on when a member fails.
	asked atomic.Uint64
}

var (
	_ registry.Source = (*Registry)(nil)
	_ registry.Writer = (*Registry)(nil)
)

// New checks the configuration and returns a registry; it sends nothing.
func New(cfg Config) (*Registry, error) {
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("etcd v2: %w", err)
	}
	cfg = cfg.withDefaults()
	carrier, closeIdle := cfg.Transport, func() {}
	if carrier == nil {
		own := newOwnTransport(cfg)
		carrier, closeIdle = own, own.closeIdle
	}
	r := &Registry{timeout: cfg.Timeout, wait: cfg.Wait, close: closeIdle}
	r.asked.Store(uint64(rand.IntN(len(cfg.Endpoints))))
	for _, endpoint := range cfg.Endpoints {
		m, err := newMember(endpoint, cfg, carrier)
		if err != nil {
			// Up to the last "@" may stand a password.
			return nil, fmt.Errorf("etcd v2: endpoint %q: %w", endpoint[strings.LastIndex(endpoint, "@")+1:], err)
		}
		r.members = append(r.members, m)
	}
	return r, nil
}

// Close drops the idle connections of the registry's own transport. Calls under
// way are not touched: end them by their context.
func (r *Registry) Close() { r.close() }

func (c Config) validate() error {
	switch {
	case len(c.Endpoints) == 0:
		return errors.New("no endpoint: give at least one client URL, like http://127.0.0.1:2379")
	case c.Timeout < 0:
		return fmt.Errorf("timeout %v is negative: leave it 0 for %v", c.Timeout, DefaultTimeout)
	case c.Wait < 0 || c.Wait > MaxWait:
		return fmt.Errorf("wait %v is out of range: use 0 for %v, or up to %v", c.Wait, DefaultWait, MaxWait)
	case c.MaxAnswer < 0:
		return fmt.Errorf("answer limit %d is negative: leave it 0 for %d", c.MaxAnswer, DefaultMaxAnswer)
	case c.Transport != nil && c.TLS != nil:
		return errors.New("both a transport and TLS settings are given: put TLS into the transport")
	case c.Username == "" && c.Password != "":
		return errors.New("a password is given without a user name")
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.Wait == 0 {
		c.Wait = DefaultWait
	}
	if c.MaxAnswer == 0 {
		c.MaxAnswer = DefaultMaxAnswer
	}
	return c
}

// newMember makes the client of one endpoint. It has no second endpoint to turn
// to and follows no redirect, so that one call stays one request.
func newMember(endpoint string, cfg Config, carrier http.RoundTripper) (member, error) {
	u, err := parseEndpoint(endpoint)
	if err != nil {
		return member{}, err
	}
	c, err := client.New(client.Config{
		Endpoints:     []string{endpoint},
		Transport:     transport{next: carrier, limit: cfg.MaxAnswer},
		CheckRedirect: func(int) error { return errRedirected },
		Username:      cfg.Username,
		Password:      cfg.Password,
	})
	if err != nil {
		return member{}, err
	}
	return member{url: *u, client: c}, nil
}

func parseEndpoint(endpoint string) (*url.URL, error) {
	u, err := url.Parse(endpoint)
	if err != nil {
		return nil, errors.New("not a URL: write it like http://127.0.0.1:2379")
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "", u.RawQuery != "", u.Fragment != "":
		return nil, errors.New("not a client URL: write it like http://127.0.0.1:2379")
	case u.User != nil:
		return nil, errors.New("holds a user name: give user and password apart from it")
	}
	return u, nil
}
