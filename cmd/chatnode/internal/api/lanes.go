package api

import (
	"context"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/work"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/work/desk"
)

// lanes are a node's workers, by who began the call: users who log in, guilds
// that load themselves, clients by REST. A guild waits for its load while users
// wait for the guild, so neither may take the other's workers.
type lanes struct{ users, guilds, rest *work.Lane }

func newLanes(cfg Config) (*lanes, error) {
	var ls lanes
	for _, lane := range []struct {
		name string
		at   **work.Lane
	}{{"users", &ls.users}, {"guilds", &ls.guilds}, {"rest", &ls.rest}} {
		made, err := work.New(lane.name, cfg.lane(), cfg.Seed)
		if err != nil {
			return nil, fmt.Errorf("api: %w", err)
		}
		*lane.at = made
	}
	return &ls, nil
}

// most is how many calls of one lane can be worked on, wait, or be refused.
func (ls *lanes) most() int {
	r := ls.users.Report()
	return r.Limit + r.Queue + work.Headroom
}

// around has a worker of its lane answer each call of a chat node, and tells with
// the answer how busy that lane is.
func (ls *lanes) around(ctx context.Context, req any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (reply any, err error) {
	lane := ls.guilds
	if info.FullMethod == wire.Loader_LoadUser_FullMethodName {
		lane = ls.users
	}
	err = lane.Do(ctx, func(ctx context.Context) (err error) {
		reply, err = handle(ctx, req)
		return err
	})
	// It fails for whoever has gone away.
	_ = grpc.SetTrailer(ctx, metadata.Pairs(loadTrailer, writeLoad(lane.Name(), lane.Occupancy())))
	if err != nil {
		return nil, err
	}
	return reply, nil
}

// Load is how busy a node is and was.
type Load struct {
	// InFlight, Limit, Refused (for whatever reason) and P99MS are of all lanes
	// together; the last is the worst lane's.
	InFlight int     `json:"in_flight"`
	Limit    int     `json:"limit"`
	Refused  uint64  `json:"refused"`
	P99MS    float64 `json:"p99_ms"`
	// Draining says that the node wants no new work.
	Draining bool `json:"draining"`
	// Lanes are the workers of each kind of call.
	Lanes map[string]desk.Report `json:"lanes"`
}

// Lanes are the workers of each kind of call.
func (n *Node) Lanes() []*work.Lane { return []*work.Lane{n.lanes.users, n.lanes.guilds, n.lanes.rest} }

// Load says how busy the node is and was.
func (n *Node) Load() Load {
	load := Load{Draining: n.draining.Load(), Lanes: make(map[string]desk.Report)}
	for _, lane := range n.Lanes() {
		r := lane.Report()
		load.Lanes[lane.Name()] = r
		load.InFlight += r.InFlight
		load.Limit += r.Limit
		load.Refused += r.Refused + r.Late
		load.P99MS = max(load.P99MS, r.P99MS)
	}
	load.Refused += n.rpc.Load().Shed
	return load
}
