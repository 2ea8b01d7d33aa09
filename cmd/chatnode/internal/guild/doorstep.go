package guild

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// doorstep is where API nodes tell what they have committed.
type doorstep struct {
	wire.UnimplementedDoorstepServer

	node *Node
}

// Doorstep returns what answers API nodes, for a server to register once the node has started.
func (n *Node) Doorstep() wire.DoorstepServer { return &doorstep{node: n} }

// Tell is part of [wire.DoorstepServer].
func (d *doorstep) Tell(_ context.Context, in *wire.TellRequest) (*wire.TellReply, error) {
	e := in.GetEvent()
	if e.GetGuildId() == 0 {
		return nil, status.Error(codes.InvalidArgument, "an event without a guild")
	}
	if one := d.node.owned.find(e.GetGuildId()); one != nil {
		d.node.system.Root.Send(one.pid, e)
		return &wire.TellReply{Epoch: one.epoch.Load()}, nil
	}
	if owner := d.node.cfg.Places.Owner(e.GetGuildId()); owner != "" && owner != d.node.cfg.Node {
		d.node.send(owner, e)
	}
	// Nobody follows a guild of ours that has no actor: there is nobody to tell.
	return &wire.TellReply{}, nil
}

// Join is part of [wire.DoorstepServer].
func (d *doorstep) Join(_ context.Context, in *wire.JoinRequest) (*wire.JoinReply, error) {
	if in.GetGuildId() == 0 || in.GetUserId() == 0 {
		return nil, status.Error(codes.InvalidArgument, "a join without guild or user")
	}
	d.node.join(in.GetUserId(), in.GetGuildId()) //nolint:contextcheck // what it starts outlives the call
	return &wire.JoinReply{}, nil
}
