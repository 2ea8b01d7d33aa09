package cli

import (
	"context"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/store"
)

// storeCommand is "chatnode store".
type storeCommand struct {
	Listen  address `default:"127.0.0.1:9000" help:"Where API nodes connect, by gRPC."`
	DataDir string  `required:"" placeholder:"DIR" help:"Where the database lives; made when it is not there."`
	Users   count   `default:"2000" help:"How many users there are at least; the missing ones are made."`
	Guilds  count   `default:"50" help:"How many guilds there are at least; the missing ones are made."`
	Seed    uint64  `default:"1" help:"Seed of the users and guilds that are made."`
	MaxMiB  count   `default:"4096" name:"max-mib" help:"How much of the database may be in use, in MiB, before writes are refused."`
	Workers count   `default:"256" help:"How many calls are worked on at once."`
	workFlags
	RepairShare float64 `default:"0.1" help:"The part of the workers that the repairs take while they read everything again, up to 0.9; 0 for no repairs."`
	RepairEvery span    `default:"10m" help:"From the end of one pass of the repairs to the next; 0 for none."`
	role
}

// Help lists the exit codes.
func (storeCommand) Help() string { return exitCodes() }

func (c *storeCommand) run(ctx context.Context, s *session) error {
	if err := writableFolder("--data-dir", c.DataDir); err != nil {
		return err
	}
	admin, err := c.openAdmin(ctx)
	if err != nil {
		return err
	}
	defer admin.stop(ctx)
	listener, err := listen(ctx, "--listen", c.Listen)
	if err != nil {
		return err
	}
	server, err := store.New(store.Config{
		Listener: listener, DataDir: c.DataDir,
		Users: int(c.Users), Guilds: int(c.Guilds), Seed: c.Seed, MaxBytes: int64(c.MaxMiB) << 20,
		InFlight: int(c.Workers), Queue: c.Queue, Service: time.Duration(c.ServiceTime), Spread: c.spread(), Late: c.late(),
		RepairShare: c.RepairShare, RepairEvery: time.Duration(c.RepairEvery), Log: s.log,
	})
	if err != nil {
		_ = listener.Close()
		return withCode(exitUsage, err)
	}
	commanding, err := c.commanding(admin)
	if err != nil {
		_ = listener.Close()
		return err
	}
	admin.showRepairs(server.Repairs(), commanding)
	admin.showLoad(func() any { return server.Load() }, server.Lane())
	admin.serve(s, server.Ready)
	s.log.Info().Str("admin", admin.url()).Msg("store starts")
	return server.Serve(ctx)
}
