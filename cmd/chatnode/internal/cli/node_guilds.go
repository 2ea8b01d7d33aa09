package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/api"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/guild"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
	"github.com/firebreak-go/firebreak/registry"
)

// membership are the flags by which a chat node is one of many.
type membership struct {
	PeerListen    address       `name:"peer-listen" default:"127.0.0.1:0" help:"Where other chat nodes connect, by remoting."`
	PeerAdvertise address       `name:"peer-advertise" placeholder:"HOST:PORT" help:"The address to tell them; the one that is listened on by default."`
	Door          address       `default:"127.0.0.1:0" help:"Where API nodes tell what was written, by gRPC."`
	DoorAdvertise address       `name:"door-advertise" placeholder:"HOST:PORT" help:"The address to tell them; the one that is listened on by default."`
	TTL           period        `default:"15s" name:"ttl" help:"How long the node's record lives unless it is renewed."`
	Leave         intervalOrOff `default:"5s" help:"How long a node that is told to stop hands over its guilds and sends its users elsewhere, or off."`
}

// chat is a chat node's part in the cluster: its guilds, and its record.
type chat struct {
	flags   membership
	id      string
	runtime *actors.Runtime
	places  *places
	guilds  *guild.Node
	door    net.Listener
	rpc     *wire.Server
}

// newChat prepares it; nothing is started but the listener.
func newChat(ctx context.Context, s *session, flags membership, id, prefix string, runtime *actors.Runtime, apis *api.Pool) (*chat, error) {
	if host, _, err := net.SplitHostPort(string(flags.PeerListen)); err != nil || !loopback(host) {
		return nil, usagef("--peer-listen %s: whoever reaches remoting could command guilds, so it is on loopback only: write 127.0.0.1:PORT", flags.PeerListen)
	}
	if err := runtime.Watch(nodeService); err != nil {
		return nil, err
	}
	where, err := newPlaces(runtime, prefix)
	if err != nil {
		return nil, err
	}
	guilds, err := guild.New(guild.Config{
		Node: id, Store: apis, Places: nodePlaces{where, id}, Peers: string(flags.PeerListen),
		Advertise: string(flags.PeerAdvertise), Seed: seedOf(id), Log: s.log,
	})
	if err != nil {
		return nil, withCode(exitUsage, err)
	}
	door, err := listen(ctx, "--door", flags.Door)
	if err != nil {
		return nil, err
	}
	rpc := wire.NewServer(wire.ServerConfig{InFlight: 1024, Deadline: time.Second, Log: s.log})
	wire.RegisterDoorstepServer(rpc, guilds.Doorstep())
	return &chat{flags: flags, id: id, runtime: runtime, places: where, guilds: guilds, door: door, rpc: rpc}, nil
}

// start opens the guilds to the sessions and to other nodes, and makes the record that says where they are. The runtime
// starts after it.
func (c *chat) start(ctx context.Context, admin *admin, server *gateway.Server, users net.Addr, gatewayURL, zone string) error {
	if err := c.guilds.Start(ctx, server); err != nil {
		return err
	}
	host, port, err := advertised("", users)
	if err != nil {
		return err
	}
	doorHost, doorPort, err := advertised(string(c.flags.DoorAdvertise), c.door.Addr())
	if err != nil {
		return err
	}
	door := net.JoinHostPort(doorHost, strconv.Itoa(doorPort))
	meta := map[string]string{gatewayMeta: gatewayURL, peerMeta: c.guilds.Address(), doorMeta: door}
	maps.Copy(meta, admin.announced(host))
	return c.runtime.Announce(registry.Instance{
		Service: nodeService, ID: c.id, Incarnation: rand.Text(), Host: host, Port: port, Zone: zone, Meta: meta,
	}, time.Duration(c.flags.TTL))
}

// leave hands the guilds over and sends the users elsewhere, for a time. A node without others, and one whose lifeline has
// ended, just goes.
func (c *chat) leave(ctx context.Context, server *gateway.Server) {
	if c.flags.Leave == 0 || errors.Is(context.Cause(ctx), errLifeline) || !c.hasOthers() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Duration(c.flags.Leave))
	defer cancel()
	if err := c.runtime.Drain(nodeService, c.id); err != nil {
		return // there is no record to be found by
	}
	server.Refuse()
	var both sync.WaitGroup
	both.Go(func() { _ = c.guilds.Handed(ctx) }) // what is left is released below
	both.Go(func() { server.AskToReconnect(ctx, time.Duration(c.flags.Leave)*2/3) })
	both.Wait()
	c.guilds.Release()
}

// serveDoor answers API nodes until ctx ends.
func (c *chat) serveDoor(ctx context.Context) error { return c.rpc.Serve(ctx, c.door) }

func (c *chat) hasOthers() bool {
	for in := range c.runtime.Snapshot(nodeService).Instances() {
		if in.ID != c.id {
			return true
		}
	}
	return false
}

func (c *chat) stop(ctx context.Context) error {
	c.places.close()
	return stopWithin(ctx, c.guilds)
}
