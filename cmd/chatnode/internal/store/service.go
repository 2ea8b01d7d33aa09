package store

import (
	"context"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// service answers the calls of API nodes, each in a goroutine of gRPC's.
type service struct {
	wire.UnimplementedStoreServer

	db  *database        // set before the first call
	now func() time.Time // the clock that ids are minted by
}

// GetUserByToken is part of [wire.StoreServer].
func (s *service) GetUserByToken(_ context.Context, req *wire.GetUserByTokenRequest) (*wire.GetUserReply, error) {
	if err := wire.CheckToken(req.GetToken()); err != nil {
		return nil, err
	}
	user, err := s.db.userByToken(req.GetToken())
	if err != nil {
		return nil, damaged(err)
	}
	if user == nil {
		return nil, status.Error(codes.Unauthenticated, "no user has this token")
	}
	return &wire.GetUserReply{User: user}, nil
}

// GetUser is part of [wire.StoreServer].
func (s *service) GetUser(_ context.Context, req *wire.GetUserRequest) (*wire.GetUserReply, error) {
	if req.GetUserId() == 0 {
		return nil, status.Error(codes.InvalidArgument, "user id 0: want the user's id")
	}
	user, err := s.db.user(req.GetUserId())
	if err != nil {
		return nil, damaged(err)
	}
	if user == nil {
		return nil, status.Errorf(codes.NotFound, "no user has the id %d", req.GetUserId())
	}
	return &wire.GetUserReply{User: user}, nil
}

// GetGuild is part of [wire.StoreServer].
func (s *service) GetGuild(_ context.Context, req *wire.GetGuildRequest) (*wire.GetGuildReply, error) {
	if req.GetGuildId() == 0 {
		return nil, status.Error(codes.InvalidArgument, "guild id 0: want the guild's id")
	}
	reply, err := s.db.guild(req.GetGuildId(), req.GetUsers())
	if err != nil {
		return nil, damaged(err)
	}
	if reply.GetGuild() == nil {
		return nil, status.Errorf(codes.NotFound, "no guild has the id %d", req.GetGuildId())
	}
	return reply, nil
}

// Stats is part of [wire.StoreServer].
func (s *service) Stats(context.Context, *wire.StatsRequest) (*wire.StatsReply, error) {
	m, size, err := s.db.stats()
	if err != nil {
		return nil, damaged(err)
	}
	return &wire.StatsReply{Users: m.Users, Guilds: m.Guilds, SizeBytes: size}, nil
}

func damaged(err error) error {
	return status.Errorf(codes.DataLoss, "the database is damaged: %v", err)
}
