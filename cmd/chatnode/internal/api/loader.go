package api

import (
	"context"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/event"
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

// guildLane is what guilds ask for, apart from the loads of users who log in: a
// crowd of one kind finds the other's workers free.
func guildLane() wire.Lane {
	return wire.Lane{Name: "guilds", Methods: []string{
		wire.Loader_LoadGuild_FullMethodName, wire.Loader_ClaimGuild_FullMethodName,
		wire.Loader_ReadChanges_FullMethodName, wire.Loader_CheckGuilds_FullMethodName,
	}}
}

// ClaimGuild is part of [wire.LoaderServer]. It reads after it has claimed, so that
// no owner of before writes to what was read.
func (l *loader) ClaimGuild(ctx context.Context, req *wire.ClaimGuildRequest) (*wire.ClaimedGuild, error) {
	claim, err := l.store.ClaimGuild(ctx, req)
	if err != nil {
		return nil, fromStore(ctx, err)
	}
	read, err := l.store.GetGuild(ctx, &wire.GetGuildRequest{GuildId: req.GetGuildId(), Users: true})
	if err != nil {
		return nil, fromStore(ctx, err)
	}
	return &wire.ClaimedGuild{Epoch: claim.GetEpoch(), Revision: read.GetRevision(), Guild: read.GetGuild(), Users: read.GetUsers()}, nil
}

// ReadChanges is part of [wire.LoaderServer].
func (l *loader) ReadChanges(ctx context.Context, req *wire.ReadChangesRequest) (*wire.GuildEvents, error) {
	reply, err := l.store.ReadChanges(ctx, req)
	if err != nil {
		return nil, fromStore(ctx, err)
	}
	return eventsOf(req, reply), nil
}

// eventsOf encodes changes. Text is longer in JSON than it is in the store, so not
// all of them may fit.
func eventsOf(req *wire.ReadChangesRequest, reply *wire.ReadChangesReply) *wire.GuildEvents {
	told := &wire.GuildEvents{Head: reply.GetHead(), Gap: reply.GetGap(), Through: req.GetAfter()}
	size := 0
	for _, change := range reply.GetChanges() {
		e := event.OfChange(req.GetGuildId(), change)
		if e == nil {
			// The store is newer than this node: whoever asks reads the guild again.
			return &wire.GuildEvents{Head: reply.GetHead(), Gap: true, Through: req.GetAfter()}
		}
		if size += proto.Size(e); len(told.GetEvents()) > 0 && size > wire.MaxChangeBytes {
			return told
		}
		told.Events = append(told.Events, e)
		told.Through = e.GetRevision()
	}
	told.Through = reply.GetThrough()
	return told
}

// CheckGuilds is part of [wire.LoaderServer].
func (l *loader) CheckGuilds(ctx context.Context, req *wire.CheckGuildsRequest) (*wire.CheckGuildsReply, error) {
	reply, err := l.store.CheckGuilds(ctx, req)
	if err != nil {
		return nil, fromStore(ctx, err)
	}
	return reply, nil
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
