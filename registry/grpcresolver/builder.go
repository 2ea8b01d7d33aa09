package grpcresolver

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc/resolver"

	"github.com/firebreak-go/firebreak/registry"
)

// DefaultScheme is the scheme of targets, as in firebreak:///api.
const DefaultScheme = "firebreak"

// roundRobin is what a client does unless it is told otherwise. gRPC's own default
// would send everything to the first address, which is the same for all clients.
const roundRobin = `{"loadBalancingConfig":[{"round_robin":{}}]}`

// View is what a resolver follows. Package actors' Runtime is one.
type View interface {
	// Snapshot returns what is believed of a service now. It does not wait.
	Snapshot(service string) *registry.Snapshot
	// Next waits until a service's snapshot is another one than the given and
	// returns the newest; nil stands for none. An error ends the following.
	Next(ctx context.Context, service string, after *registry.Snapshot) (*registry.Snapshot, error)
}

// Config tunes a [Builder]. The zero value is usable.
type Config struct {
	// Scheme is the scheme of the targets, lower case. Empty means
	// [DefaultScheme]. Two views in one process differ by it.
	Scheme string
	// ServiceConfig is the service config in JSON that clients get, which is where
	// the balancer is chosen. Empty means round robin. A client that was made with
	// grpc.WithDisableServiceConfig has its own.
	ServiceConfig string
}

// Builder makes resolvers. Give it to clients with grpc.WithResolvers, or to all
// of a process with resolver.Register.
type Builder struct {
	view View
	cfg  Config
}

// New returns a builder of resolvers that follow the view.
func New(view View, cfg Config) (*Builder, error) {
	if view == nil {
		return nil, errors.New("grpcresolver: the view is nil")
	}
	if cfg.Scheme == "" {
		cfg.Scheme = DefaultScheme
	}
	if !validScheme(cfg.Scheme) {
		return nil, fmt.Errorf("grpcresolver: scheme %q: want lower-case letters, digits, +, - or . behind a lower-case letter", cfg.Scheme)
	}
	if cfg.ServiceConfig == "" {
		cfg.ServiceConfig = roundRobin
	}
	return &Builder{view: view, cfg: cfg}, nil
}

// validScheme is the rule of RFC 3986, and gRPC's, which wants lower case.
func validScheme(scheme string) bool {
	for i, c := range scheme {
		letter := c >= 'a' && c <= 'z'
		if other := c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.'; !letter && (i == 0 || !other) {
			return false
		}
	}
	return true
}

// Scheme is part of gRPC's resolver.Builder.
func (b *Builder) Scheme() string { return b.cfg.Scheme }

// Build is part of gRPC's resolver.Builder. The target's endpoint is the name of
// the service; it has no authority, and no more than the name.
func (b *Builder) Build(target resolver.Target, cc resolver.ClientConn, opts resolver.BuildOptions) (resolver.Resolver, error) {
	service := target.Endpoint()
	if _, err := registry.Directory("", service); err != nil {
		return nil, fmt.Errorf("grpcresolver: %s: %w", target.URL.String(), err)
	}
	if target.URL.Host != "" {
		return nil, fmt.Errorf("grpcresolver: %s names the authority %q: want %s:///%s", target.URL.String(), target.URL.Host, b.cfg.Scheme, service)
	}
	f := &follower{view: b.view, service: service, cc: cc, again: make(chan struct{}, 1)}
	if !opts.DisableServiceConfig {
		if f.config = cc.ParseServiceConfig(b.cfg.ServiceConfig); f.config != nil && f.config.Err != nil {
			return nil, fmt.Errorf("grpcresolver: Config.ServiceConfig: %w", f.config.Err)
		}
	}
	f.start()
	return f, nil
}
