package wire_test

import (
	"bytes"
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// patience bounds every wait of these tests; none of them gets near it.
const patience = 10 * time.Second

// loader answers as the test says.
type loader struct {
	wire.UnimplementedLoaderServer

	user  func(ctx context.Context, token string) (*wire.LoadUserReply, error)
	guild func(ctx context.Context) (*wire.LoadGuildReply, error)
}

func (l *loader) LoadGuild(ctx context.Context, _ *wire.LoadGuildRequest) (*wire.LoadGuildReply, error) {
	return l.guild(ctx)
}

func (l *loader) LoadUser(ctx context.Context, req *wire.LoadUserRequest) (*wire.LoadUserReply, error) {
	return l.user(ctx, req.GetToken())
}

type running struct {
	address string
	server  *wire.Server
	client  wire.LoaderClient
	stop    context.CancelFunc
	result  chan error
}

func serve(t *testing.T, cfg wire.ServerConfig, user func(context.Context, string) (*wire.LoadUserReply, error)) *running {
	t.Helper()
	return serveLoader(t, cfg, &loader{user: user})
}

func serveLoader(t *testing.T, cfg wire.ServerConfig, serves *loader) *running {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r := &running{address: listener.Addr().String(), server: wire.NewServer(cfg), stop: cancel, result: make(chan error, 1)}
	wire.RegisterLoaderServer(r.server, serves)
	done := make(chan struct{})
	go func() { r.result <- r.server.Serve(ctx, listener); close(done) }()
	t.Cleanup(func() { cancel(); receive(t, "the server's end", done) })
	conn, err := wire.Dial(r.address, nil)
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	r.client = wire.NewLoaderClient(conn)
	return r
}

func receive[T any](t *testing.T, what string, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatalf("%s: nothing after %v", what, patience)
		panic("unreachable")
	}
}

// untilRefused returns once nobody accepts connections at the address.
func untilRefused(t *testing.T, address string) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return
		}
		_ = conn.Close()
		if time.Now().After(deadline) {
			t.Fatalf("listener: still open after %v, want it closed", patience)
		}
	}
}

func (r *running) load(ctx context.Context, token string) codes.Code {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := r.client.LoadUser(ctx, &wire.LoadUserRequest{Token: token})
	return status.Code(err)
}

func TestOneCallTooManyIsRefusedAtOnce(t *testing.T) {
	const limit = 3
	entered, release := make(chan struct{}, limit), make(chan struct{})
	r := serve(t, wire.ServerConfig{InFlight: limit}, func(context.Context, string) (*wire.LoadUserReply, error) {
		entered <- struct{}{}
		<-release
		return &wire.LoadUserReply{}, nil
	})
	var calls sync.WaitGroup
	results := make(chan codes.Code, limit)
	for range limit {
		calls.Go(func() { results <- r.load(t.Context(), "x") })
	}
	for range limit {
		receive(t, "a worker taking a call", entered)
	}
	if got := r.load(t.Context(), "x"); got != codes.ResourceExhausted {
		t.Errorf("call beyond the limit: got %v, want %v", got, codes.ResourceExhausted)
	}
	if got := r.server.Load(); got.InFlight != limit || got.Limit != limit || got.Shed != 1 {
		t.Errorf("load at the limit: got %+v, want %d of %d in flight and 1 shed", got, limit, limit)
	}
	close(release)
	calls.Wait()
	for range limit {
		if got := <-results; got != codes.OK {
			t.Errorf("admitted call: got %v, want %v", got, codes.OK)
		}
	}
	if got := r.load(t.Context(), "x"); got != codes.OK {
		t.Errorf("call after the others left: got %v, want %v", got, codes.OK)
	}
	if got := r.server.Load(); got.Served != limit+1 || got.InFlight != 0 {
		t.Errorf("load at the end: got %+v, want %d served, none in flight", got, limit+1)
	}
}

func TestPanicCostsOneCall(t *testing.T) {
	var log bytes.Buffer
	r := serve(t, wire.ServerConfig{InFlight: 1, Log: zerolog.New(&log)}, func(_ context.Context, token string) (*wire.LoadUserReply, error) {
		if token == "bad" {
			panic(strings.Repeat("p", 1<<20))
		}
		return &wire.LoadUserReply{}, nil
	})
	const panics = 12
	for range panics {
		if got := r.load(t.Context(), "bad"); got != codes.Internal {
			t.Fatalf("panicking call: got %v, want %v", got, codes.Internal)
		}
	}
	if got := r.load(t.Context(), "good"); got != codes.OK {
		t.Errorf("call after the panics: got %v, want %v", got, codes.OK)
	}
	if got := r.server.Load().Panics; got != panics {
		t.Errorf("panics counted: got %d, want %d", got, panics)
	}
	if got := strings.Count(log.String(), "\n"); got != 10 {
		t.Errorf("lines logged for %d panics: got %d, want 10", panics, got)
	}
	if got := log.Len(); got > 100<<10 {
		t.Errorf("bytes logged for %d panics of 1 MiB: got %d, want under 100 KiB", panics, got)
	}
}

func TestDeadlineEndsACall(t *testing.T) {
	r := serve(t, wire.ServerConfig{Deadline: 20 * time.Millisecond}, func(ctx context.Context, _ string) (*wire.LoadUserReply, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
	began := time.Now()
	if got := r.load(t.Context(), "x"); got != codes.DeadlineExceeded {
		t.Errorf("call that waits for its deadline: got %v, want %v", got, codes.DeadlineExceeded)
	}
	if took := time.Since(began); took > patience/2 {
		t.Errorf("call that waits for its deadline: took %v, which is the caller's, want the server's 20ms", took)
	}
}

func TestOversizeRequestIsRefused(t *testing.T) {
	r := serve(t, wire.ServerConfig{}, func(context.Context, string) (*wire.LoadUserReply, error) {
		return &wire.LoadUserReply{}, nil
	})
	for _, row := range []struct {
		name  string
		bytes int
		want  codes.Code
	}{
		{"just inside", wire.MaxRequestBytes - 4, codes.OK}, // 4 bytes of framing
		{"one byte more", wire.MaxRequestBytes - 3, codes.ResourceExhausted},
	} {
		if got := r.load(t.Context(), strings.Repeat("x", row.bytes)); got != row.want {
			t.Errorf("%s: got %v, want %v", row.name, got, row.want)
		}
	}
}

func TestStopLetsRunningCallsFinish(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	r := serve(t, wire.ServerConfig{Grace: patience}, func(context.Context, string) (*wire.LoadUserReply, error) {
		close(entered)
		<-release
		return &wire.LoadUserReply{}, nil
	})
	code := make(chan codes.Code, 1)
	go func() { code <- r.load(t.Context(), "x") }()
	receive(t, "the call's start", entered)
	r.stop()
	untilRefused(t, r.address)
	select {
	case err := <-r.result:
		t.Errorf("server with a running call: stopped with %v, want it to wait", err)
	default:
	}
	close(release)
	if got := receive(t, "the call's answer", code); got != codes.OK {
		t.Errorf("running call: got %v, want %v", got, codes.OK)
	}
	if err := receive(t, "the server's end", r.result); err != nil {
		t.Errorf("Serve: got %v, want nil", err)
	}
}

func TestStopCutsCallsAfterTheGrace(t *testing.T) {
	for _, row := range []struct {
		name     string
		obedient bool
		want     string // in the error; empty: none
	}{
		{"a call that heeds its context", true, ""},
		{"a call that does not", false, "1 calls still running"},
	} {
		t.Run(row.name, func(t *testing.T) {
			entered, release := make(chan struct{}), make(chan struct{})
			t.Cleanup(func() { close(release) })
			r := serve(t, wire.ServerConfig{Grace: time.Millisecond, Deadline: time.Hour}, func(ctx context.Context, _ string) (*wire.LoadUserReply, error) {
				close(entered)
				if row.obedient {
					<-ctx.Done()
					return nil, ctx.Err()
				}
				<-release
				return &wire.LoadUserReply{}, nil
			})
			code := make(chan codes.Code, 1)
			go func() { code <- r.load(t.Context(), "x") }()
			receive(t, "the call's start", entered)
			r.stop()
			err := receive(t, "the server's end", r.result)
			if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
				t.Errorf("Serve: got %v, want an error with %q", err, row.want)
			}
			if got := receive(t, "the call's answer", code); got != codes.Unavailable {
				t.Errorf("cut call: got %v, want %v", got, codes.Unavailable)
			}
		})
	}
}

func TestServeReportsALostListener(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	_ = listener.Close()
	if err := wire.NewServer(wire.ServerConfig{}).Serve(t.Context(), listener); err == nil {
		t.Errorf("Serve on a closed listener: got nil, want an error")
	}
}
