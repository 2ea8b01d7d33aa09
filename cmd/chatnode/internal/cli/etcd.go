package cli

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/etcd"
)

// etcdCommand is "chatnode etcd".
type etcdCommand struct {
	Listen         address `default:"127.0.0.1:2379" help:"Where clients connect, v2 and v3."`
	DataDir        string  `required:"" placeholder:"DIR" help:"Where the data lives; made when it is not there."`
	Mode           string  `enum:"plain,incident,guard" default:"plain" help:"What stands before the v2 keys handler: plain (nothing), incident (the middleware that lets a torn write through) or guard (refuses torn and empty writes)."`
	Name           string  `default:"etcd" help:"This member's name."`
	Peer           string  `default:"127.0.0.1:0" help:"Where the other members connect: host:port or a URL."`
	InitialCluster string  `placeholder:"NAME=URL,.." help:"All members by name and peer URL; this member alone by default."`
	Fast           bool    `help:"Ticks of 10 ms and no fsync: for demos and tests, not for data that matters."`
	role
}

// Help lists the exit codes.
func (etcdCommand) Help() string { return exitCodes() }

func (c *etcdCommand) run(ctx context.Context, s *session) error {
	admin, err := c.openAdmin(ctx)
	if err != nil {
		return err
	}
	defer admin.stop(ctx)

	var serves atomic.Bool
	admin.serve(s, func() error {
		if !serves.Load() {
			return errors.New("etcd: the member has not joined its cluster")
		}
		return nil
	})
	cfg := etcd.Config{
		Listen: string(c.Listen), DataDir: c.DataDir, Mode: etcd.Mode(c.Mode),
		Name: c.Name, Peer: c.Peer, InitialCluster: c.InitialCluster,
		Fast: c.Fast, Log: s.log,
	}
	return etcd.Run(ctx, cfg, func(addr string) {
		serves.Store(true)
		s.log.Info().Str("listen", "http://"+addr).Str("mode", c.Mode).Str("data", c.DataDir).Str("admin", admin.url()).Msg("etcd serves")
	})
}
