package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/net/netutil"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"
)

const (
	// shedHeadroom is how many calls beyond its limit one connection may bring
	// in to be refused; still more wait inside that client.
	shedHeadroom = 1024
	// handshakeWait bounds how long a new connection may stay silent.
	handshakeWait = 5 * time.Second
	// maxPanicLines is how many panics are logged; later ones are only counted.
	maxPanicLines = 10
	// maxStackBytes bounds the stack in one of those lines.
	maxStackBytes = 4 << 10
	// cutWait is how long handlers may take to end once their connections are cut.
	cutWait = 500 * time.Millisecond
	// healthService begins the methods of gRPC's health service.
	healthService = "/grpc.health.v1.Health/"
)

// ServerConfig says how much a server takes on. The zero value is usable.
type ServerConfig struct {
	// InFlight is how many calls are worked on at once; one more is refused
	// with RESOURCE_EXHAUSTED. 0 means 64.
	InFlight int
	// Lanes have workers besides those.
	Lanes []Lane
	// Deadline ends a call's context after this time, unless the caller's own
	// deadline is earlier. 0 means 5 s.
	Deadline time.Duration
	// Grace is how long running calls may take after [Server.Serve] was told to
	// stop, before they are cut. 0 means 1.5 s.
	Grace time.Duration
	// Credentials turns TLS on; nil means plain text, for loopback.
	Credentials credentials.TransportCredentials
	// Around is called in place of each admitted call's handler, which it may call;
	// nil calls the handler. Questions after the server's health are not admitted:
	// they are answered at once, also by one that is busy.
	Around grpc.UnaryServerInterceptor
	// Log gets one line per panic. The zero logger is silent.
	Log zerolog.Logger
}

func (c ServerConfig) withDefaults() ServerConfig {
	if c.InFlight <= 0 {
		c.InFlight = 64
	}
	if c.Deadline <= 0 {
		c.Deadline = 5 * time.Second
	}
	if c.Grace <= 0 {
		c.Grace = 1500 * time.Millisecond
	}
	return c
}

// Load is how busy a server is and was, over all its lanes.
type Load struct {
	// InFlight of at most Limit calls are being worked on.
	InFlight, Limit int
	// Served calls were admitted, Shed ones were refused, Panics ended by one.
	Served, Shed, Panics uint64
	// Lanes are its parts.
	Lanes []LaneLoad
}

// Server is a gRPC server that bounds what it takes on: calls at once, time per
// call, bytes per request, connections, and the time it takes to stop. Register
// services first, then call Serve once.
type Server struct {
	cfg      ServerConfig
	grpc     *grpc.Server
	lanes    []*lane // the first one is that of all other methods
	byMethod map[string]*lane

	panics atomic.Uint64
}

var _ grpc.ServiceRegistrar = (*Server)(nil)

// NewServer makes a server; it starts nothing.
func NewServer(cfg ServerConfig) *Server {
	cfg = cfg.withDefaults()
	s := &Server{cfg: cfg}
	s.lanes, s.byMethod = newLanes(cfg)
	s.grpc = grpc.NewServer(
		grpc.Creds(cfg.Credentials),
		grpc.UnaryInterceptor(s.admit),
		grpc.MaxRecvMsgSize(MaxRequestBytes),
		grpc.MaxConcurrentStreams(uint32(s.Load().Limit+shedHeadroom)),
		grpc.ConnectionTimeout(handshakeWait),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: pingEvery, Timeout: pingWait}),
		// Clients ping every pingEvery; gRPC's default would cut them off for it.
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: pingEvery / 2, PermitWithoutStream: true}),
	)
	return s
}

// RegisterService adds a service; it must not be called after Serve.
func (s *Server) RegisterService(desc *grpc.ServiceDesc, impl any) {
	s.grpc.RegisterService(desc, impl)
}

// Load returns the current figures. Anybody may call it at any time.
func (s *Server) Load() Load {
	all := Load{Panics: s.panics.Load()}
	for _, l := range s.lanes {
		one := l.load()
		all.InFlight, all.Limit = all.InFlight+one.InFlight, all.Limit+one.Limit
		all.Served, all.Shed = all.Served+one.Served, all.Shed+one.Shed
		all.Lanes = append(all.Lanes, one)
	}
	return all
}

// admit is called by gRPC around every call, in that call's goroutine.
func (s *Server) admit(ctx context.Context, req any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (reply any, err error) {
	if strings.HasPrefix(info.FullMethod, healthService) {
		return handle(ctx, req)
	}
	in := s.byMethod[info.FullMethod]
	if in == nil {
		in = s.lanes[0]
	}
	if !in.enter() {
		return nil, status.Errorf(codes.ResourceExhausted, "%d calls in flight: try another instance, or later", cap(in.workers))
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Deadline)
	defer func() {
		cancel()
		if v := recover(); v != nil {
			reply, err = nil, s.panicked(info.FullMethod, v)
		}
		in.leave()
	}()
	if s.cfg.Around != nil {
		return s.cfg.Around(ctx, req, info, handle)
	}
	return handle(ctx, req)
}

// panicked turns a handler's panic, which would end the process, into an answer.
func (s *Server) panicked(method string, v any) error {
	if n := s.panics.Add(1); n <= maxPanicLines {
		stack := debug.Stack()
		s.cfg.Log.Error().Str("method", method).Str("panic", fmt.Sprintf("%.256v", v)).Uint64("count", n).
			Str("stack", string(stack[:min(len(stack), maxStackBytes)])).Msg("a call panicked: this is a bug")
	}
	return status.Error(codes.Internal, "the call failed on a bug in the server")
}

// Serve accepts calls until ctx ends, lets running calls finish within the
// grace, cuts the rest, and returns nil. It returns an error when the listener
// fails, or when handlers that ignore their context are still running after
// all. It closes the listener.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	served := make(chan error, 1)
	go func() { served <- s.grpc.Serve(netutil.LimitListener(listener, MaxConnections)) }()
	select {
	case err := <-served:
		s.grpc.Stop()
		return fmt.Errorf("serve gRPC on %s: %w", listener.Addr(), err)
	case <-ctx.Done():
	}
	stopped := make(chan struct{})
	go func() { s.grpc.GracefulStop(); close(stopped) }()
	if !within(stopped, s.cfg.Grace) {
		// Not waited for: Stop blocks as long as GracefulStop does.
		go s.grpc.Stop()
		if !within(stopped, cutWait) {
			return fmt.Errorf("stop gRPC on %s: %d calls still running after %v", listener.Addr(), s.Load().InFlight, s.cfg.Grace+cutWait)
		}
	}
	// A stop that overtakes the start is a stop like any other.
	if err := <-served; err != nil && !errors.Is(err, grpc.ErrServerStopped) {
		return fmt.Errorf("serve gRPC on %s: %w", listener.Addr(), err)
	}
	return nil
}

func within(done <-chan struct{}, limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}
