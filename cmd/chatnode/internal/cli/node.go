package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	actorsadmin "github.com/firebreak-go/firebreak/actors/admin"
	"github.com/firebreak-go/firebreak/actors/observe"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/api"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gate"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/pulse"
	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/disk"
	"github.com/firebreak-go/firebreak/registry/etcdv2"
	"github.com/firebreak-go/firebreak/supervision/admission"
)

// nodeService is the service that chat nodes are; their IDs are names in it.
const nodeService = "node"

// nodeCommand is "chatnode node".
type nodeCommand struct {
	ID                string         `help:"The node's name; by default the machine's, with the port."`
	Listen            address        `default:"127.0.0.1:8080" help:"Where users connect, by WebSocket."`
	PublicURL         string         `name:"public-url" placeholder:"WS-URL" help:"Where users reach this node to resume; by default ws:// and the address of --listen."`
	Etcd              []httpURL      `default:"http://127.0.0.1:2379" help:"etcd endpoints, tried in order."`
	Profile           string         `enum:"isolated,naive" default:"isolated" help:"How failures spread: isolated, or naive as in 2020."`
	Prefix            string         `default:"/services" help:"Where the services' directories are."`
	StateDir          string         `placeholder:"DIR" help:"Where what is known of the API nodes is kept, for a start while etcd is silent; not kept by default. One node a folder."`
	RestartCheck      intervalOrOff  `default:"1m" help:"How often to ask whether a restart now would be safe, or off; never with --profile naive."`
	Zone              string         `help:"The zone to announce."`
	HeartbeatInterval period         `default:"41.25s" help:"How often a session must give a sign of life."`
	Admission         admission.Ramp `default:"auto" help:"How many sessions are let in a second: auto (as much as there is capacity for), off, or a rate as 200/s; 0 is nobody. See chatnode ctl throttle."`
	membership
	role
}

// Help lists the exit codes.
func (nodeCommand) Help() string {
	return exitCodes("   70    supervision gave up: restart intensity exceeded at the root")
}

func (c *nodeCommand) run(ctx context.Context, s *session) error {
	admin, err := c.openAdmin(ctx)
	if err != nil {
		return err
	}
	defer admin.stop(ctx)
	listener, err := listen(ctx, "--listen", c.Listen)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	if c.ID == "" {
		c.ID = ownName(listener.Addr())
	}
	if _, err := registry.Key(c.Prefix, nodeService, c.ID); err != nil {
		return usagef("--id or --prefix: %w", err)
	}

	source, err := etcdv2.New(etcdv2.Config{Endpoints: texts(c.Etcd)})
	if err != nil {
		return usagef("--etcd: %w", err)
	}
	defer source.Close()
	runtime, err := c.newRuntime(source, admin.observer(s.log))
	if err != nil {
		return err
	}
	admin.follow(runtime)
	apis := api.NewPool(func() *registry.Snapshot { return runtime.Snapshot(apiService) }, api.Options{})
	defer apis.Close()
	chat, err := newChat(ctx, s, c.membership, c.ID, c.Prefix, runtime, apis)
	if err != nil {
		return err
	}
	defer func() { _ = chat.door.Close() }()
	files := openFiles()
	turns, err := gate.New(gate.Config{Admission: admission.Config{Ramp: c.Admission}, Log: s.log})
	if err != nil {
		return withCode(exitUsage, err)
	}
	server, err := gateway.New(gateway.Config{
		Listener: listener, Node: c.ID, Loader: userLoader{apis}, Gate: turns, MaxSessions: min(gateway.DefaultMaxSessions, max(files.fit(0), 1)),
		HeartbeatInterval: time.Duration(c.HeartbeatInterval), PublicURL: c.PublicURL, Log: s.log,
		Guilds: chat.guilds, Peers: nodePlaces{chat.places, c.ID},
	})
	if err != nil {
		return withCode(exitUsage, err)
	}

	admin.metrics.MustRegister(observe.NewStates(runtime, apiService))
	admin.metrics.MustRegister(nodeMetrics(server.Stats, apis.Stats)...)
	admin.openGuilds(chat.guilds, server)
	commanding, err := c.commanding(admin)
	if err != nil {
		return err
	}
	admin.serveAdmission(turns, server, commanding)
	admin.mux.Handle("/admin/", actorsadmin.HandlerWith(runtime, commanding))
	admin.mux.Handle("GET /admin/pulse", pulse.Handler(func() pulse.Pulse {
		return pulseOf(runtime.Snapshot(apiService), server.Stats(), turns.Figures().Rate)
	}))
	admin.serve(s, func() error { return knowsAPIs(runtime) })
	s.log.Info().Str("node", c.ID).Str("profile", c.Profile).Str("admin", admin.url()).Msg("chat node starts")
	s.log.Info().Msg(files.line(0))
	if err := chat.start(ctx, admin, server, listener.Addr(), c.gatewayURL(listener), c.Zone); err != nil {
		return err
	}
	if err := runtime.Start(ctx); err != nil {
		return errors.Join(err, chat.stop(ctx))
	}
	return c.attend(ctx, admin, chat, server, turns, runtime)
}

// attend serves until the node is told to stop or cannot go on.
func (c *nodeCommand) attend(ctx context.Context, admin *admin, chat *chat, server *gateway.Server, turns *gate.Gate, runtime *actors.Runtime) error {
	// The users stay until the guilds are handed over.
	staying, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	serving := background(staying, server.Serve)
	telling := background(staying, chat.serveDoor)
	measuring := background(staying, turns.Run)
	defer func() { _ = measuring.stop() }() // it never fails
	select {
	case <-ctx.Done():
		chat.leave(ctx, server)
	case <-serving.ended:
	case <-telling.ended:
	case <-chat.guilds.Failed():
	case <-runtime.Failed():
		// As when a virtual machine goes: no user is told, their sockets just end.
		// Only what the runtime reported last is still read.
		admin.stop(ctx)
		return withCode(exitGaveUp, runtime.Err())
	}
	return errors.Join(serving.stop(), telling.stop(), chat.stop(ctx), stopWithin(ctx, runtime))
}

// gatewayURL is where users reach this node.
func (c *nodeCommand) gatewayURL(listener net.Listener) string {
	if c.PublicURL != "" {
		return c.PublicURL
	}
	return "ws://" + listener.Addr().String()
}

func (c *nodeCommand) newRuntime(source *etcdv2.Registry, observer func(actors.Event)) (*actors.Runtime, error) {
	policy := actors.Isolated()
	if c.Profile == "naive" {
		policy = actors.Naive()
	}
	keeper, err := c.keeper()
	if err != nil {
		return nil, err
	}
	runtime, err := actors.New(actors.Config{
		Source: source, Writer: source, Prefix: c.Prefix, Policy: &policy, Seed: seedOf(c.ID), Observe: observer, Keeper: keeper,
		Restart: actors.RestartConfig{Off: c.RestartCheck == 0, Every: time.Duration(c.RestartCheck)},
	})
	if err != nil {
		return nil, err
	}
	return runtime, runtime.Watch(apiService)
}

// keeper keeps what is known across restarts, if it is to be kept.
func (c *nodeCommand) keeper() (actors.Keeper, error) {
	if c.StateDir == "" {
		return nil, nil //nolint:nilnil // nobody keeps anything
	}
	store, err := disk.Open(disk.Config{Folder: c.StateDir})
	if err != nil {
		return nil, usagef("--state-dir %s: %w", c.StateDir, bare(err))
	}
	return store, nil
}

// knowsAPIs says why a node cannot load users, or nil.
func knowsAPIs(runtime *actors.Runtime) error {
	if err := runtime.Err(); err != nil {
		return err
	}
	snapshot := runtime.Snapshot(apiService)
	switch {
	case snapshot.Index == 0:
		return errors.New("node: waiting for etcd: the API nodes have not been listed yet")
	case snapshot.Len() == 0:
		return errors.New("node: waiting for an API node: none is announced")
	}
	return nil
}

// userLoader makes a pool of API nodes what the gateway asks for users.
type userLoader struct{ apis *api.Pool }

// LoadUser is part of [gateway.Loader].
func (l userLoader) LoadUser(ctx context.Context, token string) (protocol.User, error) {
	user, err := l.apis.LoadUser(ctx, token)
	if errors.Is(err, api.ErrUnauthenticated) {
		return protocol.User{}, fmt.Errorf("%w: %w", gateway.ErrBadToken, err)
	}
	if err != nil {
		return protocol.User{}, err
	}
	return protocol.User{
		ID: user.GetId(), Username: user.GetUsername(), Discriminator: user.GetDiscriminator(),
		GlobalName: user.GetGlobalName(), Guilds: user.GetGuildIds(),
	}, nil
}
