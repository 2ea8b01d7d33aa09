package cli

import (
	"context"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/api"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/guild"
)

// telling lets chat nodes be told what REST commits, until the function that it returns is called.
func (c *apiCommand) telling(ctx context.Context, s *session, admin *admin, runtime *actors.Runtime, cfg *api.Config) (stop func(), err error) {
	if c.REST == "" || runtime == nil {
		return func() {}, nil
	}
	where, err := newPlaces(runtime, c.Prefix)
	if err != nil {
		return nil, err
	}
	teller := guild.NewTeller(apiPlaces{where}, nil, s.log)
	admin.metrics.MustRegister(tellerFigures(teller))
	cfg.Told, cfg.Epoch, cfg.Stale = teller.Tell, teller.Epoch, teller.Stale
	running := background(ctx, teller.Run)
	return func() {
		_ = running.stop() // it never fails
		where.close()
	}, nil
}
