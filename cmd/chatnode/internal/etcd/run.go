package etcd

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"go.etcd.io/etcd/server/v3/embed"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v2http"
	"google.golang.org/grpc"
)

// Run serves one member until ctx ends or etcd fails. It calls ready, which may be
// nil, once the member has joined its cluster, with the address it listens on.
// It returns nil when ctx ended it.
func Run(ctx context.Context, cfg Config, ready func(addr string)) error {
	cfg = cfg.withDefaults()
	embedded, err := cfg.embedded(ctx)
	if err != nil {
		return fmt.Errorf("etcd: %w", err)
	}
	// Etcd lives a moment longer than ctx, so that it can be stopped in order.
	stopping, beginStop := context.WithCancel(context.WithoutCancel(ctx))
	defer beginStop()
	m := &member{log: cfg.Log}
	keys := &keys{log: cfg.Log}
	embedded.UserHandlers = map[string]http.Handler{keysPath: keys.until(stopping), keysPath + "/": keys.until(stopping)}
	embedded.ServiceRegister = func(s *grpc.Server) { m.grpc.Store(s) }

	server, err := start(ctx, embedded)
	if err != nil {
		return fmt.Errorf("etcd: cannot start in %s: %w", cfg.DataDir, err)
	}
	if server == nil {
		return nil
	}
	handler := v2http.NewClientHandler(server.GetLogger(), server.Server, server.Server.Cfg.ReqTimeout())
	keys.bind(cfg.Mode, handler)
	err = m.serve(ctx, server, ready)
	beginStop()
	m.stop(server)
	return err
}

// member is one running etcd and what is needed to stop it.
type member struct {
	log  zerolog.Logger
	grpc atomic.Pointer[grpc.Server]
}

// start returns nothing when ctx ended first: etcd waits without end for a data
// folder that another process has locked.
func start(ctx context.Context, cfg *embed.Config) (*embed.Etcd, error) {
	type outcome struct {
		server *embed.Etcd
		err    error
	}
	done := make(chan outcome)
	go func() {
		var o outcome
		func() {
			defer func() {
				if p := recover(); p != nil {
					o = outcome{err: fmt.Errorf("etcd gave up: %v", p)}
				}
			}()
			o.server, o.err = embed.StartEtcd(cfg)
		}()
		select {
		case done <- o:
		case <-ctx.Done():
			if o.err == nil {
				o.server.Close()
			}
		}
	}()
	select {
	case o := <-done:
		return o.server, o.err
	case <-ctx.Done():
		return nil, nil
	}
}

func (m *member) serve(ctx context.Context, server *embed.Etcd, ready func(addr string)) error {
	joined := server.Server.ReadyNotify()
	for {
		select {
		case <-joined:
			joined = nil
			if ready != nil {
				ready(server.Clients[0].Addr().String())
			}
		case err := <-server.Err():
			return fmt.Errorf("etcd: stopped serving: %w", err)
		case <-server.Server.StopNotify():
			return fmt.Errorf("etcd: the member ended by itself: was it removed from its cluster?")
		case <-ctx.Done():
			return nil
		}
	}
}

// stop closes the member within StopLimit. Close alone would wait for every open
// stream, and without end for a member that never joined or a connection that
// never spoke; the data is safe once the server itself has stopped.
func (m *member) stop(server *embed.Etcd) {
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		if s := m.grpc.Load(); s != nil {
			s.Stop()
		}
		select {
		case <-server.Server.ReadyNotify():
		default:
			server.Server.HardStop()
		}
		server.Close()
	}()
	if ended(closed, StopLimit*3/4) {
		return
	}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		server.Server.HardStop()
	}()
	m.log.Warn().Bool("data_safe", ended(stopped, StopLimit/4)).
		Msg("etcd: some connections did not end in time and were left behind")
}

func ended(done <-chan struct{}, limit time.Duration) bool {
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case <-done:
		return true
	case <-t.C:
		return false
	}
}
