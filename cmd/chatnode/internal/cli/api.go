package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/api"
	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/etcdv2"
)

// apiService is the service that API nodes offer.
const apiService = "api"

// apiCommand is "chatnode api".
type apiCommand struct {
	ID            string       `help:"The instance's name, unique in its service; by default the machine's, with the port."`
	Listen        address      `default:"127.0.0.1:0" help:"Where chat nodes connect, by gRPC."`
	Advertise     address      `placeholder:"HOST:PORT" help:"The address to announce; the one that is listened on by default."`
	Etcd          []httpURL    `default:"http://127.0.0.1:2379" help:"etcd endpoints, tried in order."`
	Store         address      `default:"127.0.0.1:9000" help:"The store's address."`
	REST          address      `name:"rest" placeholder:"HOST:PORT" help:"Where client libraries call, by REST; nowhere by default."`
	Gateway       []gatewayURL `placeholder:"WS-URL" help:"The chat nodes that REST sends clients to, in turn, while the directory lists none."`
	Announce      string       `enum:"runtime,incident" default:"runtime" help:"Who announces: runtime (checks and repairs) or incident (the client of 2020)."`
	AnnounceVia   httpURL      `placeholder:"URL" help:"Where the incident announcer writes instead of etcd: a proxy that cuts."`
	AnnounceRetry period       `default:"2s" help:"How long the incident announcer waits after a failed write."`
	TTL           period       `default:"60s" name:"ttl" help:"How long the announcement lives unless it is renewed."`
	Prefix        string       `default:"/services" help:"Where the services' directories are."`
	Zone          string       `help:"The zone to announce."`
	Workers       count        `default:"64" help:"How many calls are worked on at once in each lane: loads of users, loads of guilds, REST."`
	workFlags
	role
}

// Help lists the exit codes.
func (apiCommand) Help() string { return exitCodes() }

func (c *apiCommand) run(ctx context.Context, s *session) error {
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

	rest, err := c.listenREST(ctx)
	if err != nil {
		return err
	}
	if rest != nil {
		defer func() { _ = rest.Close() }()
	}
	if c.ID == "" {
		c.ID = ownName(listener.Addr())
	}
	instance, err := c.instance(listener.Addr())
	if err != nil {
		return err
	}
	instance.Meta = admin.announced(instance.Host)
	etcd, err := etcdv2.New(etcdv2.Config{Endpoints: texts(c.Etcd)})
	if err != nil {
		return usagef("--etcd: %w", err)
	}
	defer etcd.Close()
	announcer, runtime, err := c.newAnnouncer(s, admin, etcd, instance)
	if err != nil {
		return withCode(exitUsage, err)
	}
	cfg := api.Config{
		Listener: listener, Store: string(c.Store), REST: rest, Gateways: c.gateways(runtime),
		Workers: int(c.Workers), Queue: c.Queue, Service: time.Duration(c.ServiceTime), Spread: c.spread(), Late: c.late(),
		Seed: seedOf(c.ID), Log: s.log,
	}
	stopTelling, err := c.telling(ctx, s, admin, runtime, &cfg)
	if err != nil {
		return err
	}
	defer stopTelling()
	node, err := api.New(cfg)
	if err != nil {
		return withCode(exitUsage, err)
	}

	admin.showLoad(func() any { return node.Load() }, node.Lanes()...)
	admin.serve(s, node.Ready)
	s.log.Info().Str("id", c.ID).Str("announce", c.Announce).Str("address", instance.Address()).Str("admin", admin.url()).Msg("api node starts")
	serving := background(ctx, node.Serve)
	if err := announcer.Start(ctx); err != nil {
		return errors.Join(err, serving.stop())
	}
	select {
	case <-ctx.Done():
	case <-serving.ended:
	case <-announcer.Failed():
		err = announcer.Err()
	}
	// Nobody is to find a node that no longer answers: withdraw first.
	node.Drain()
	return errors.Join(err, stopWithin(ctx, announcer), serving.stop())
}

// listenREST returns no listener when there is to be no REST.
func (c *apiCommand) listenREST(ctx context.Context) (net.Listener, error) {
	if c.REST == "" {
		if len(c.Gateway) > 0 {
			return nil, usagef("--gateway: nobody is sent there without --rest")
		}
		return nil, nil
	}
	return listen(ctx, "--rest", c.REST)
}

// instance is the record that is announced.
func (c *apiCommand) instance(bound net.Addr) (registry.Instance, error) {
	host, number, err := advertised(string(c.Advertise), bound)
	if err != nil {
		return registry.Instance{}, err
	}
	return registry.Instance{
		Service: apiService, ID: c.ID, Incarnation: rand.Text(),
		Host: host, Port: number, Zone: c.Zone,
	}, nil
}

// advertised is the address that a record gives for a listener, unless it is told another one.
func advertised(at string, bound net.Addr) (host string, port int, err error) {
	if at == "" {
		at = bound.String()
	}
	host, text, err := net.SplitHostPort(at)
	if err != nil {
		return "", 0, fmt.Errorf("address to announce: %w", err)
	}
	if ip := net.ParseIP(host); host == "" || ip.IsUnspecified() {
		// All interfaces: others reach them by the machine's name.
		if host, err = os.Hostname(); err != nil {
			return "", 0, fmt.Errorf("name of this machine: %w; name an address by a flag", err)
		}
	}
	port, err = strconv.Atoi(text)
	if err != nil {
		return "", 0, fmt.Errorf("address to announce: %w", err)
	}
	return host, port, nil
}
