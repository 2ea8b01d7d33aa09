package api

import (
	"context"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// loader answers the calls of chat nodes, each in a goroutine of gRPC's.
type loader struct {
	wire.UnimplementedLoaderServer

	store wire.StoreClient // set before the first call
}

// LoadUser is part of [wire.LoaderServer].
func (l *loader) LoadUser(ctx context.Context, req *wire.LoadUserRequest) (*wire.LoadUserReply, error) {
	if err := wire.CheckToken(req.GetToken()); err != nil {
		return nil, err
	}
	reply, err := l.store.GetUserByToken(ctx, &wire.GetUserByTokenRequest{Token: req.GetToken()})
	if err != nil {
		return nil, fromStore(ctx, err)
	}
	return &wire.LoadUserReply{User: reply.GetUser()}, nil
}

// LoadGuild is part of [wire.LoaderServer].
func (l *loader) LoadGuild(ctx context.Context, req *wire.LoadGuildRequest) (*wire.LoadGuildReply, error) {
	reply, err := l.store.GetGuild(ctx, &wire.GetGuildRequest{GuildId: req.GetGuildId()})
	if err != nil {
		return nil, fromStore(ctx, err)
	}
	return &wire.LoadGuildReply{Guild: reply.GetGuild()}, nil
}

// fromStore turns the store's silence into this node's UNAVAILABLE, and passes
// its answers on.
func fromStore(ctx context.Context, err error) error {
	if ctx.Err() != nil && status.Code(err) == codes.Canceled {
		return err // the chat node went away
	}
	if !silent(err) {
		return err
	}
	return status.Errorf(codes.Unavailable, "the store does not answer: %v", err)
}

// silent reports whether a call failed without an answer from the other end.
func silent(err error) bool {
	return slices.Contains([]codes.Code{codes.Unavailable, codes.DeadlineExceeded, codes.Canceled}, status.Code(err))
}
