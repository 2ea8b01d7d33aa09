package wire_test

import (
	"context"
	"crypto/x509"
	"net"
	"net/http/httptest"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

func TestClientComesBackWithItsPeer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	conn, err := wire.Dial(address, nil)
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	defer func() { _ = conn.Close() }()
	r := &running{client: wire.NewLoaderClient(conn)}
	if got := r.load(t.Context(), "x"); got != codes.Unavailable {
		t.Fatalf("call to a closed port: got %v, want %v", got, codes.Unavailable)
	}
	listener, err = net.Listen("tcp", address)
	if err != nil {
		t.Fatalf("listen again on %s: %v", address, err)
	}
	server := wire.NewServer(wire.ServerConfig{})
	wire.RegisterLoaderServer(server, &loader{user: func(context.Context, string) (*wire.LoadUserReply, error) {
		return &wire.LoadUserReply{}, nil
	}})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx, listener) }()
	defer func() {
		stop()
		if err := receive(t, "the server's end", ended); err != nil {
			t.Errorf("Serve: got %v, want nil", err)
		}
	}()
	for deadline := time.Now().Add(patience); ; {
		got := r.load(t.Context(), "x")
		if got == codes.OK {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("call to the peer that came back: still %v after %v, want %v", got, patience, codes.OK)
		}
		state, stop := context.WithTimeout(t.Context(), 10*time.Millisecond)
		conn.WaitForStateChange(state, conn.GetState())
		stop()
	}
}

// With credentials on both ends calls pass; a client without them is refused.
func TestTLS(t *testing.T) {
	certified := httptest.NewTLSServer(nil) // for its certificate
	defer certified.Close()
	roots := x509.NewCertPool()
	roots.AddCert(certified.Certificate())
	r := serve(t, wire.ServerConfig{Credentials: credentials.NewServerTLSFromCert(&certified.TLS.Certificates[0])},
		func(context.Context, string) (*wire.LoadUserReply, error) { return &wire.LoadUserReply{}, nil })
	if got := r.load(t.Context(), "x"); got != codes.Unavailable {
		t.Errorf("call in plain text: got %v, want %v", got, codes.Unavailable)
	}
	conn, err := wire.Dial(r.address, credentials.NewClientTLSFromCert(roots, "example.com"))
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	defer func() { _ = conn.Close() }()
	r.client = wire.NewLoaderClient(conn)
	if got := r.load(t.Context(), "x"); got != codes.OK {
		t.Errorf("call over TLS: got %v, want %v", got, codes.OK)
	}
}
