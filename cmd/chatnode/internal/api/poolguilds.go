package api

import (
	"context"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// ClaimGuild makes the caller the owner of a guild, and returns it as it was at a
// revision after that, with the users of its members; or [ErrNotFound]. A try that
// failed may have been a claim as well: the one that is returned is newer.
func (p *Pool) ClaimGuild(ctx context.Context, id uint64) (*wire.ClaimedGuild, error) {
	var claimed *wire.ClaimedGuild
	err := p.call(ctx, func(ctx context.Context, client wire.LoaderClient) (err error) {
		claimed, err = client.ClaimGuild(ctx, &wire.ClaimGuildRequest{GuildId: id})
		if err == nil && claimed.GetEpoch() == 0 {
			return errEmpty()
		}
		return complete(err, claimed.GetGuild().GetId())
	})
	if err != nil {
		return nil, fmt.Errorf("claim guild %d: %w", id, err)
	}
	return claimed, nil
}

// ReadChanges returns what became of a guild after a revision, 1 to
// [wire.MaxChangePage] events, the oldest first; or [ErrNotFound]. The reply says
// how far it tells, and whether there is a gap before it.
func (p *Pool) ReadChanges(ctx context.Context, id, after uint64, limit int) (*wire.GuildEvents, error) {
	var told *wire.GuildEvents
	err := p.call(ctx, func(ctx context.Context, client wire.LoaderClient) (err error) {
		told, err = client.ReadChanges(ctx, &wire.ReadChangesRequest{GuildId: id, After: after, Limit: uint32(max(limit, 0))})
		return complete(err, told.GetHead())
	})
	if err != nil {
		return nil, fmt.Errorf("changes of guild %d after %d: %w", id, after, err)
	}
	return told, nil
}

// CheckGuilds says how far guilds are, and which claims are stale: a head for each
// claim, in their order. It asks for [wire.MaxClaims] at a time.
func (p *Pool) CheckGuilds(ctx context.Context, claims []*wire.Claim) ([]*wire.GuildHead, error) {
	heads := make([]*wire.GuildHead, 0, len(claims))
	for len(claims) > 0 {
		some := claims[:min(len(claims), wire.MaxClaims)]
		claims = claims[len(some):]
		var reply *wire.CheckGuildsReply
		err := p.call(ctx, func(ctx context.Context, client wire.LoaderClient) (err error) {
			reply, err = client.CheckGuilds(ctx, &wire.CheckGuildsRequest{Claims: some})
			if err == nil && len(reply.GetHeads()) != len(some) {
				return errEmpty()
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("check %d guilds: %w", len(some), err)
		}
		heads = append(heads, reply.GetHeads()...)
	}
	return heads, nil
}

func errEmpty() error { return status.Error(codes.Unimplemented, "the answer is empty") }
