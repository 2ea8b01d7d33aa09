package guild

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/remote"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"
)

const (
	// treeName is the name of the tree of supervisors in the actor system, and begins every actor's.
	treeName = "guilds"
	// receptionName is the only actor that other nodes may speak to.
	receptionName = treeName + "/reception"
	// connectWait bounds one attempt to connect.
	connectWait = time.Second
	// pingEvery and pingWait find out that a peer is gone without a word.
	pingEvery, pingWait = 10 * time.Second, 3 * time.Second
	// maxBatchBytes bounds one message of remoting, which holds up to maxBatch of ours.
	maxBatchBytes, maxBatch = 64 << 20, 64
)

// startRemoting opens the actor system to other nodes. It panics where it cannot, so the address is tried before, and the
// panic of who took it in between is caught.
func startRemoting(ctx context.Context, cfg Config) (system *actor.ActorSystem, r *remote.Remote, err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.Peers)
	if err != nil {
		return nil, nil, fmt.Errorf("guild: listening for other nodes on %s: %w", cfg.Peers, err)
	}
	host, port, err := net.SplitHostPort(listener.Addr().String())
	_ = listener.Close() // remoting opens it again
	if err != nil {
		return nil, nil, fmt.Errorf("guild: listening for other nodes: %w", err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, nil, fmt.Errorf("guild: listening for other nodes: %w", err)
	}
	advertise := cfg.Advertise
	if advertise == "" {
		advertise = net.JoinHostPort(host, port)
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("guild: listening for other nodes on %s: %v", cfg.Peers, p)
		}
	}()
	system = actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(slog.DiscardHandler)
	}))
	config := remote.Configure(bracketed(host), number,
		remote.WithAdvertisedHost(advertise),
		remote.WithServerOptions(serverOptions(cfg.ServerTLS)...),
		remote.WithDialOptions(dialOptions(cfg.ClientTLS)...),
		remote.WithEndpointWriterBatchSize(maxBatch),
	)
	config.MaxRetryCount = 1 // each further one blocks for two seconds
	r = remote.NewRemote(system, config)
	r.Start()
	return system, r, nil
}

// bracketed is a host as remoting wants it: it puts a colon and the port behind it.
func bracketed(host string) string {
	if ip := net.ParseIP(host); ip != nil && ip.To4() == nil {
		return "[" + host + "]"
	}
	return host
}

func serverOptions(secure *tls.Config) []grpc.ServerOption {
	options := []grpc.ServerOption{
		grpc.StreamInterceptor(guardStream),
		grpc.UnaryInterceptor(refuseCall),
		grpc.MaxRecvMsgSize(maxBatchBytes),
		grpc.ConnectionTimeout(5 * time.Second),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: pingEvery, Timeout: pingWait}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: pingEvery / 2, PermitWithoutStream: true}),
	}
	if secure != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(secure)))
	}
	return options
}

func dialOptions(secure *tls.Config) []grpc.DialOption {
	creds := insecure.NewCredentials()
	if secure != nil {
		creds = credentials.NewTLS(secure)
	}
	return []grpc.DialOption{
		grpc.WithTransportCredentials(creds),
		grpc.WithNoProxy(),
		grpc.WithDisableServiceConfig(),
		grpc.WithConnectParams(grpc.ConnectParams{MinConnectTimeout: connectWait}),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: pingEvery, Timeout: pingWait}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxBatchBytes)),
	}
}

// stopRemoting takes the whole listener away at once; the graceful way waits for others for up to ten seconds.
func stopRemoting(r *remote.Remote) { r.Shutdown(false) }

// refuseCall answers remoting's other calls, which nobody here makes and some of which panic.
func refuseCall(context.Context, any, *grpc.UnaryServerInfo, grpc.UnaryHandler) (any, error) {
	return nil, status.Error(codes.Unimplemented, "guild: not spoken here")
}

// errForeign ends a stream that carries what no chat node sends.
var errForeign = errors.New("guild: a peer sent what no chat node sends")

// guardStream checks what a peer sends before remoting sees it, and keeps what remoting does with it from ending the process.
func guardStream(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handle grpc.StreamHandler) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = status.Errorf(codes.InvalidArgument, "guild: %.100v", p)
		}
	}()
	return handle(srv, guardedStream{stream})
}

type guardedStream struct{ grpc.ServerStream }

// RecvMsg is part of [grpc.ServerStream].
func (g guardedStream) RecvMsg(m any) error {
	if err := g.ServerStream.RecvMsg(m); err != nil {
		return err //nolint:wrapcheck // remoting compares it
	}
	if message, ok := m.(*remote.RemoteMessage); ok {
		if batch := message.GetMessageBatch(); batch != nil && !harmless(batch) {
			return status.Error(codes.PermissionDenied, errForeign.Error())
		}
	}
	return nil
}

// harmless says whether a batch has nothing but our messages, to nobody but the reception.
func harmless(batch *remote.MessageBatch) bool {
	for _, name := range batch.GetTypeNames() {
		if !slices.Contains(spoken(), name) {
			return false
		}
	}
	for _, target := range batch.GetTargets() {
		if target.GetId() != receptionName {
			return false
		}
	}
	for _, e := range batch.GetEnvelopes() {
		if int(e.GetTypeId()) >= len(batch.GetTypeNames()) || e.GetTypeId() < 0 ||
			int(e.GetTarget()) >= len(batch.GetTargets()) || e.GetTarget() < 0 ||
			e.GetSender() != 0 || e.GetSerializerId() != 0 {
			return false
		}
	}
	return true
}

// spoken are the names of the messages that nodes send each other.
func spoken() []string {
	return []string{
		"firebreak.chat.v1.Follow", "firebreak.chat.v1.Unfollow", "firebreak.chat.v1.Seen", "firebreak.chat.v1.Presence",
		"firebreak.chat.v1.GuildState", "firebreak.chat.v1.Changes", "firebreak.chat.v1.Heard", "firebreak.chat.v1.Gone",
		"firebreak.chat.v1.Event",
	}
}
