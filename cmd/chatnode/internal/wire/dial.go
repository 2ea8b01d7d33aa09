package wire

import (
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
)

const (
	// redialMax is how long a client may take to notice that its peer is back.
	redialMax = time.Second
	// pingEvery is how often a quiet connection is proved alive. It is the
	// smallest value that gRPC clients allow.
	pingEvery = 10 * time.Second
	// pingWait is how long the answer may take before the connection is given up.
	pingWait = 3 * time.Second
)

// Dial makes the client end for one address (host:port). It connects with the
// first call and again whenever the connection is lost, at most a second after
// the last attempt; a call made while the peer refuses fails at once. Nil
// credentials mean plain text, for loopback. The caller closes the connection.
func Dial(address string, creds credentials.TransportCredentials) (*grpc.ClientConn, error) {
	if creds == nil {
		creds = insecure.NewCredentials()
	}
	// "passthrough" leaves names to the dialer, so that one connection never
	// spreads over several instances; peers are not reached through a web proxy.
	conn, err := grpc.NewClient("passthrough:///"+address,
		grpc.WithTransportCredentials(creds),
		grpc.WithNoProxy(),
		grpc.WithDisableServiceConfig(),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: redialMax / 10, Multiplier: 1.6, Jitter: 0.2, MaxDelay: redialMax},
			MinConnectTimeout: redialMax,
		}),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: pingEvery, Timeout: pingWait, PermitWithoutStream: true}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(MaxReplyBytes)),
	)
	if err != nil {
		return nil, fmt.Errorf("dial %q: %w", address, err)
	}
	return conn, nil
}
