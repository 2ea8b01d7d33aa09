package api

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
	"github.com/firebreak-go/firebreak/registry"
)

// What a [Pool]'s caller branches on. The first two wrap the gRPC status as well.
var (
	// ErrUnauthenticated means that nobody has this token.
	ErrUnauthenticated = errors.New("api: nobody has this token")
	// ErrNotFound means that what was asked for does not exist.
	ErrNotFound = errors.New("api: not found")
	// ErrNoInstances means that the directory has no instance to call.
	ErrNoInstances = errors.New("api: no instances")
	// ErrClosed means that the pool was closed.
	ErrClosed = errors.New("api: pool is closed")
)

// Options tune a [Pool]. The zero value is usable.
type Options struct {
	// Tries is how many instances one call may cost. 0 means 3.
	Tries int
	// TryTimeout bounds the wait for one of them. 0 means 1 s.
	TryTimeout time.Duration
	// MaxConnections bounds the open connections. Beyond it the one that was
	// idle longest makes room; when none is idle, that try fails. 0 means 256.
	MaxConnections int
	// Draw returns a number in [0, n). It is called by one goroutine at a time, in
	// the pool's critical section. Nil means math/rand/v2.
	Draw func(n int) int
	// Credentials turns TLS on; nil means plain text, for loopback.
	Credentials credentials.TransportCredentials
}

func (o Options) withDefaults() Options {
	if o.Tries <= 0 {
		o.Tries = 3
	}
	if o.TryTimeout <= 0 {
		o.TryTimeout = time.Second
	}
	if o.MaxConnections <= 0 {
		o.MaxConnections = 256
	}
	if o.Draw == nil {
		o.Draw = rand.IntN
	}
	return o
}

// PoolStats is what a pool did so far, and holds now.
type PoolStats struct {
	// Calls were made, at the cost of Tries. Failed ones ended with an error that
	// is neither ErrUnauthenticated nor ErrNotFound.
	Calls, Tries, Failed uint64
	// Connections are kept, whether they work or not.
	Connections int
}

// Pool calls API nodes. All methods may be called from any goroutine.
type Pool struct {
	opts  Options
	links *links

	calls, tries, failed atomic.Uint64
}

// NewPool makes a pool over a directory; it connects nowhere yet. The function
// returns the newest snapshot, the same pointer while nothing changed; it is
// called for every try, in the pool's critical section: it must not block.
func NewPool(instances func() *registry.Snapshot, opts Options) *Pool {
	opts = opts.withDefaults()
	return &Pool{opts: opts, links: newLinks(instances, opts.MaxConnections, opts.Credentials)}
}

// Close cuts every connection; calls fail with [ErrClosed] from then on.
func (p *Pool) Close() { p.links.close() }

// Stats returns the current figures.
func (p *Pool) Stats() PoolStats {
	return PoolStats{
		Calls: p.calls.Load(), Tries: p.tries.Load(), Failed: p.failed.Load(), Connections: p.links.len(),
	}
}

// LoadUser returns the user who logs in with a token, or [ErrUnauthenticated].
func (p *Pool) LoadUser(ctx context.Context, token string) (*wire.User, error) {
	if err := wire.CheckToken(token); err != nil {
		return nil, fmt.Errorf("load user: %w", final(err))
	}
	var user *wire.User
	err := p.call(ctx, func(ctx context.Context, client wire.LoaderClient) error {
		reply, err := client.LoadUser(ctx, &wire.LoadUserRequest{Token: token})
		user = reply.GetUser()
		return complete(err, user.GetId())
	})
	if err != nil {
		return nil, fmt.Errorf("load user: %w", err)
	}
	return user, nil
}

// LoadGuild returns a guild with its channels and members, or [ErrNotFound].
func (p *Pool) LoadGuild(ctx context.Context, id uint64) (*wire.Guild, error) {
	var guild *wire.Guild
	err := p.call(ctx, func(ctx context.Context, client wire.LoaderClient) error {
		reply, err := client.LoadGuild(ctx, &wire.LoadGuildRequest{GuildId: id})
		guild = reply.GetGuild()
		return complete(err, guild.GetId())
	})
	if err != nil {
		return nil, fmt.Errorf("load guild %d: %w", id, err)
	}
	return guild, nil
}

// complete refuses an answer that lacks what was asked for: whoever listens
// there is no API node of ours.
func complete(err error, id uint64) error {
	if err == nil && id == 0 {
		return errEmpty()
	}
	return err
}

// call counts a call.
func (p *Pool) call(ctx context.Context, do func(context.Context, wire.LoaderClient) error) error {
	p.calls.Add(1)
	err := p.callAny(ctx, do)
	if err != nil && !errors.Is(err, ErrUnauthenticated) && !errors.Is(err, ErrNotFound) {
		p.failed.Add(1)
	}
	return err
}

// callAny tries instances until one answers.
func (p *Pool) callAny(ctx context.Context, do func(context.Context, wire.LoaderClient) error) error {
	var tried []string
	var last error
	for len(tried) < p.opts.Tries {
		t, err := p.try(ctx, tried, do)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return fmt.Errorf("%w in try %d: %w", ctx.Err(), len(tried)+1, err)
		case errors.Is(err, ErrNoInstances) && last != nil:
			return last
		case !worthAnother(err):
			return final(err)
		}
		tried = append(tried, t.address)
		last = fmt.Errorf("%d tried in vain, the last was %s at %s: %w", len(tried), t.id, t.address, err)
	}
	return last
}

// try makes one call to one instance that was not tried.
func (p *Pool) try(ctx context.Context, tried []string, do func(context.Context, wire.LoaderClient) error) (target, error) {
	t, l, err := p.links.acquire(tried, p.opts.Draw)
	if err != nil {
		return t, err
	}
	defer p.links.release(l)
	p.tries.Add(1)
	ctx, cancel := context.WithTimeout(ctx, p.opts.TryTimeout)
	defer cancel()
	return t, do(ctx, l.client)
}

// worthAnother reports whether another instance may do better: this one is gone,
// late, full, or (whatever the registry says) no API node.
func worthAnother(err error) bool {
	return slices.Contains([]codes.Code{
		codes.Unavailable, codes.DeadlineExceeded, codes.ResourceExhausted, codes.Canceled, codes.Unimplemented,
	}, status.Code(err))
}

// final names the refusals on which callers branch.
func final(err error) error {
	code := status.Code(err)
	if code == codes.Unauthenticated {
		return fmt.Errorf("%w: %w", ErrUnauthenticated, err)
	}
	if code == codes.NotFound {
		return fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	return err
}
