package api

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// maxHealthWatches bounds the streams that wait for a change of health.
const maxHealthWatches = 256

// healthServer is gRPC's own, whose watches are bounded and end with the node:
// they would hold up its stop otherwise.
type healthServer struct {
	*health.Server
	watches chan struct{} // a token for each watch
	over    context.Context
	end     context.CancelFunc
}

func newHealthServer() *healthServer {
	over, end := context.WithCancel(context.Background())
	h := &healthServer{health.NewServer(), make(chan struct{}, maxHealthWatches), over, end}
	h.become(false)
	return h
}

// become tells those who ask, and those who watch.
func (h *healthServer) become(serving bool) {
	is := healthpb.HealthCheckResponse_NOT_SERVING
	if serving {
		is = healthpb.HealthCheckResponse_SERVING
	}
	for _, service := range []string{"", wire.Loader_ServiceDesc.ServiceName} {
		h.SetServingStatus(service, is)
	}
}

// close says for the last time that the node does not serve, and ends the watches.
func (h *healthServer) close() {
	h.Shutdown()
	h.end()
}

// Watch is part of [healthpb.HealthServer].
func (h *healthServer) Watch(req *healthpb.HealthCheckRequest, stream grpc.ServerStreamingServer[healthpb.HealthCheckResponse]) error {
	select {
	case h.watches <- struct{}{}:
		defer func() { <-h.watches }()
	default:
		return status.Errorf(codes.ResourceExhausted, "%d watches of health already: ask instead", maxHealthWatches)
	}
	ctx, cancel := context.WithCancel(stream.Context())
	defer cancel()
	defer context.AfterFunc(h.over, cancel)()
	return h.Server.Watch(req, endingStream{stream, ctx})
}

// endingStream is a stream that ends with another context.
type endingStream struct {
	grpc.ServerStreamingServer[healthpb.HealthCheckResponse]
	ctx context.Context
}

func (s endingStream) Context() context.Context { return s.ctx }
